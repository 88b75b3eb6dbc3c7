"""The channel between a page and its kernel, as far as it passes on what the page says."""

from __future__ import annotations

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets import Bool

from opsnb.serve.messages import Malformed, allowed, read
from opsnb.text import visible

_MALFORMED = 1007  # of RFC 6455: data that is not consistent with its type


class PageConnection(ZMQChannelsWebsocketConnection):
    """Passes on what widgets need, and ends at what is no message."""

    _told = Bool(False)

    def handle_incoming_message(self, incoming_msg: str) -> None:
        """Pass one message on to the kernel, if it may be."""
        if not self.channels:
            return
        try:
            message = read(incoming_msg, self.subprotocol)
        except Malformed as error:
            self.log.warning("A frame to kernel %s holds no message: %s", self.kernel_id, visible(str(error), 200))
            self._count("malformed_frame")
            self.websocket_handler.close(_MALFORMED, "This is no message.")
            return
        if allowed(message):
            self.session.send(self.channels["shell"], message)
        else:
            self._refused(message["header"]["msg_type"])

    def _count(self, reason: str) -> None:
        self.websocket_handler.settings["metrics"].refused(reason)

    def _refused(self, kind: str) -> None:
        self._count("message")
        if not self._told:  # once: whoever tries again and again must not fill the log
            self.log.warning("Kernel %s is not told what pages may not say: %s", self.kernel_id, visible(kind, 80))
        self._told = True
