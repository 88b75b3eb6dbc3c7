"""What a connection may cost: how many there are, how much they may send, and how long they may take for it."""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

# Milliseconds that what is sent may lie unread, on Linux; elsewhere the operating system waits for hours.
_UNREAD = 30_000
_LOG_SECONDS = 60
_SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# What is sent here is a form of one line; who takes longer to send it, or the headers, is cut off. Seconds and bytes.
_BOUNDS: dict[str, Any] = {
    "max_header_size": 32 * 2**10,
    "idle_connection_timeout": 75,
    "body_timeout": 20,
    "max_body_size": 64 * 2**10,
}
_log = logging.getLogger("opsnb.serve")


class Listener(HTTPServer):
    """Accepts connections, but not without end; `options` are those of tornado's server.

    When the limit is reached, a new connection takes the place of one that has not sent a whole request: of the address
    with the most connections, and there of the one that has been idle longest. So nobody keeps others out by idle
    connections, and a proxy, which has one address for all its users, only opens another one.
    """

    def initialize(self, *args: Any, most: int = 1000, **options: Any) -> None:
        """Bound what a connection may send."""
        super().initialize(*args, **(_BOUNDS | options))
        self._most = most
        self._addresses: weakref.WeakKeyDictionary[IOStream, str] = weakref.WeakKeyDictionary()
        self._waiting: dict[IOStream, float] = {}  # those without a whole request, and since when
        self._said = -float(_LOG_SECONDS)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Listen there."""
        super().add_sockets([_Listening(one, self._say) for one in sockets])

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Take a connection, if need be in place of another."""
        if len(self._addresses) >= self._most and not self._make_room():
            self._say("too many connections are open; new ones are closed")
            stream.close()
            return
        self._addresses[stream] = str(address[0]) if address else ""
        self._waiting[stream] = time.monotonic()
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)
        super().handle_stream(stream, address)

    def start_request(self, server_conn: Any, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Wait for a request of a connection, the first or a further one."""
        stream = server_conn.stream
        if stream in self._addresses:
            self._waiting[stream] = time.monotonic()
        return _Request(super().start_request(server_conn, request_conn), lambda: self._waiting.pop(stream, None))

    def on_close(self, server_conn: Any) -> None:
        """Await no further request of a connection: it has ended, or became a websocket and counts until that ends."""
        self._waiting.pop(server_conn.stream, None)
        if server_conn.stream.closed():
            self._addresses.pop(server_conn.stream, None)
        super().on_close(server_conn)

    def _make_room(self) -> bool:
        """Close the connection that waits for a request and is missed least; whether there was one."""
        for ended in [stream for stream in self._addresses if stream.closed()]:
            del self._addresses[ended]
        if len(self._addresses) < self._most:
            return True
        if not self._waiting:
            return False
        counts = Counter(self._addresses.values())
        idle = max(self._waiting, key=lambda stream: (counts[self._addresses.get(stream, "")], -self._waiting[stream]))
        self._addresses.pop(idle, None)
        del self._waiting[idle]
        idle.close()
        return True

    def _say(self, sentence: str) -> None:
        """Log it once in a minute: it may be true a thousand times in a second."""
        if time.monotonic() - self._said >= _LOG_SECONDS:
            self._said = time.monotonic()
            _log.warning("%s", sentence)


class _Request(HTTPMessageDelegate):
    """Tells when a request has wholly come."""

    def __init__(self, inner: HTTPMessageDelegate, came: Callable[[], object]) -> None:
        self._inner, self._came = inner, came

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Any:
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._came()
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


class _Listening(socket.socket):
    """A listening socket, in place of `bound`, that does not spin when this process may open no more files.

    A connection that cannot be accepted is reported again at once, for ever. Therefore a spare file is kept open: it is
    closed for a moment, so that the connection can be accepted and ended.
    """

    def __init__(self, bound: socket.socket, say: Callable[[str], None]) -> None:
        super().__init__(fileno=bound.detach())
        self.setblocking(False)
        self._say = say
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection.

        Raises
        ------
        BlockingIOError
            If there is none, or it had to be ended.
        """
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _SCARCE:
                raise
            self._say(f"no connection can be accepted: {error.strerror}")
            self._end_one()
            raise BlockingIOError from error

    def _end_one(self) -> None:
        with suppress(OSError):
            os.close(self._spare)
        try:
            super().accept()[0].close()
        except OSError:
            time.sleep(0.01)  # the machine has none left either; without this it would be tried again at once
        with suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)
