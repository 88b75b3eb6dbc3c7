"""What a connection may cost: how many there are, how much they may send, and how long they may take for it."""

from __future__ import annotations

import socket
import weakref
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

_MOST = 1000
# Milliseconds that what is sent may lie unread, on Linux; elsewhere the operating system waits for hours.
_UNREAD = 30_000
# What is sent here is a form of one line; who takes longer to send it, or the headers, is cut off. Seconds and bytes.
_BOUNDS: dict[str, Any] = {
    "max_header_size": 32 * 2**10,
    "idle_connection_timeout": 75,
    "body_timeout": 20,
    "max_body_size": 64 * 2**10,
}


class Listener(HTTPServer):
    """Accepts connections, but not without end; `options` are those of tornado's server."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Bound what a connection may send."""
        super().initialize(*args, **(_BOUNDS | options))
        self._streams: weakref.WeakSet[IOStream] = weakref.WeakSet()

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Hang up where there are too many: each keeps a file open, and so do the channels of the kernels."""
        if sum(not one.closed() for one in self._streams) >= _MOST:
            stream.close()
            return
        self._streams.add(stream)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)
        super().handle_stream(stream, address)
