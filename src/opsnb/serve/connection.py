"""The channel between a page and its kernel, as far as it passes on what the page says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any

from jupyter_client import protocol_version  # type: ignore[attr-defined] # as jupyter_server does
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets import Bool
from zmq import POLLOUT

from opsnb.serve.messages import Malformed, allowed, read
from opsnb.serve.request_queue import Queue, Unanswered
from opsnb.text import visible

_MALFORMED = 1007  # of RFC 6455: data that is not consistent with its type
_POLICY = 1008  # of RFC 6455: a message that violates the policy of who gets it
_UNPUBLISHED = frozenset({"error", "stream"})  # what a cell of the page itself says comes with the page
_LOST_SECONDS = 60


class PageConnection(ZMQChannelsWebsocketConnection):
    """Passes on what widgets need, and ends at what is no message and at more of them than the kernel can answer."""

    _told = Bool(False)
    _ended = Bool(False)
    _failed = Bool(False)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.queue = Queue(self.kernel_manager.unanswered, self._page_reads)

    def create_stream(self) -> None:
        """Connect with two of the kernel's four channels: a page uses no other, and each costs two open files."""
        for channel in ("iopub", "shell"):
            stream = getattr(self.kernel_manager, f"connect_{channel}")(identity=self.session.bsession)
            stream.channel = channel
            self.channels[channel] = stream

    def connect(self) -> asyncio.Future[None] | None:  # type: ignore[override] # as in the class itself
        """Connect, and take part in what the kernel is asked."""
        self.kernel_manager.unanswered.attach(self.queue)
        return super().connect()

    def disconnect(self) -> None:  # type: ignore[override]
        """Disconnect, and ask nothing more; what the kernel does not answer within a minute was lost on the way."""
        unanswered: Unanswered = self.kernel_manager.unanswered
        unanswered.detach(self.queue)
        for number in unanswered.numbers:
            asyncio.get_running_loop().call_later(_LOST_SECONDS, unanswered.remove, number)
        super().disconnect()  # type: ignore[no-untyped-call]
        self.channels = {}  # what waits for the kernel's first answer must not listen to streams that are closed now

    def handle_incoming_message(self, incoming_msg: str) -> None:
        """Pass one message on to the kernel, if it may be, and when the kernel has answered those before."""
        if not self.channels or self._ended:
            return
        try:
            message = read(incoming_msg, self.subprotocol)
        except Malformed as error:
            self.log.warning("A frame to kernel %s holds no message: %s", self.kernel_id, visible(str(error), 200))
            self._end("malformed_frame", _MALFORMED, "This is no message.")
            return
        if not allowed(message):
            self._refused(message["header"]["msg_type"])
        elif not self.queue.put(message["header"]["msg_id"], len(incoming_msg), partial(self._send, message)):
            self.log.warning("The page of kernel %s asks more than is answered; it is cut off.", self.kernel_id)
            self._end("too_many_messages", _POLICY, "More is asked than is answered.")

    def _end(self, reason: str, code: int, sentence: str) -> None:
        """Close the channel; what has come behind that is not read."""
        self._ended = True
        self._count(reason)
        self.websocket_handler.close(code, sentence)

    def _send(self, message: dict[str, Any]) -> None:
        if self.channels:
            # A kernel answers no message whose signature it knows, or of another version: each gets a time of its own.
            stamp = {"date": datetime.now(UTC).isoformat(), "version": protocol_version}
            message["header"] |= stamp
            self.session.send(self.channels["shell"], message)
            self.channels["shell"].flush(POLLOUT)  # what waits in the stream is lost if the page closes its channel now

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Pass one message on to the page, but no traceback and nothing that was printed: both are for the log."""
        _, parts = self.session.feed_identities(outgoing_msg)
        kind = self.session.unpack(parts[1])["msg_type"]
        if kind not in _UNPUBLISHED:
            super().handle_outgoing_message(stream, outgoing_msg)
        elif kind == "error" and not self._failed:
            self.log.warning("Kernel %s failed at a message of its page.", self.kernel_id)
            self._failed = True

    def _page_reads(self) -> bool:
        """Whether all that was sent to the page has left: it gets no further answers before."""
        socket: Any = self.websocket_handler.ws_connection
        return socket is not None and not socket.stream.writing()

    def _count(self, reason: str) -> None:
        self.websocket_handler.settings["metrics"].refused(reason)

    def _refused(self, kind: str) -> None:
        self._count("message")
        if not self._told:  # once: whoever tries again and again must not fill the log
            self.log.warning("Kernel %s is not told what pages may not say: %s", self.kernel_id, visible(kind, 80))
        self._told = True
