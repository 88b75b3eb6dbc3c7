"""Voila, cut down to the canonical pages and what they need."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_events.logger import EventLogger
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from opsnb.serve import handlers, sign_in
from opsnb.serve.access_log import log_request
from opsnb.serve.early import Modules, PartHandler
from opsnb.serve.files import ExtensionFilesHandler, FilesHandler, version_of
from opsnb.serve.folder import Folder
from opsnb.serve.front import Front
from opsnb.serve.health import AliveHandler, Readiness, ReadyHandler
from opsnb.serve.identity.tokens import Tokens
from opsnb.serve.identity.verifier import Verifier
from opsnb.serve.limits import Seats, Turns
from opsnb.serve.metrics import Metrics
from opsnb.serve.metrics_page import metrics_application
from opsnb.serve.routes import PAGES, route
from opsnb.serve.wire import Listener

TEMPLATE = Path(__file__).parent / "template"
_PATIENCE, _LONGEST = 2.0, 4.0  # seconds for kernels to end, and for everything
_log = logging.getLogger("opsnb.serve")
# An allow-list: a route that a later Voila adds stays closed until it is named here with what guards it.
GUARDED = {
    KernelHandler: handlers.KernelModelHandler,
    VoilaKernelWebsocketHandler: handlers.ChannelsHandler,
    VoilaShutdownKernelHandler: handlers.ShutdownHandler,
    MultiStaticFileHandler: FilesHandler,
    FileFindHandler: ExtensionFilesHandler,
}


class OpsVoila(Voila):  # type: ignore[misc]
    """The server; what it declares is given to it before it starts."""

    verifier: Verifier
    front: Front
    tls: ssl.SSLContext | None
    seats: Seats
    turns: Turns
    readiness: Readiness
    environment: Mapping[str, str]
    preheat: int
    max_kernels: int
    max_connections: int
    sockets: list[socket.socket]
    metrics: Metrics
    metrics_front: Front
    metrics_sockets: list[socket.socket]
    folder: Folder
    ready: Callable[[], None]

    @cached_property
    def event_logger(self) -> EventLogger:
        """Share one among all kernels: each would make its own, and `logging` keeps every logger for ever."""
        return EventLogger()

    def setup_template_dirs(self) -> None:
        """Put the package's own template first, so that none installed elsewhere shadows it."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATE))

    def init_settings(self) -> dict[str, Any]:
        """Compress what is sent, and notice a browser that has gone within a minute."""
        return {
            **super().init_settings(),
            "front": self.front,
            "allow_origin": self.front.origin,
            "signs_in": isinstance(self.verifier, Tokens),
            "seats": self.seats,
            "turns": self.turns,
            "metrics": self.metrics,
            "modules": Modules(),
            "log_function": log_request,
            "files_version": version_of([*self.static_paths, *self.labextensions_path]),
            "compress_response": True,
            "ws_ping_interval": 10_000,
            "ws_ping_timeout": 30_000,
            "websocket_max_message_size": 256 * 2**10,
        }

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Answer on the canonical routes, and on those that a page itself needs."""
        kept = [
            (pattern, GUARDED[handler], *options)
            for pattern, handler, *options in super().init_handlers()
            if handler in GUARDED
        ]
        parts = (route(self.base_url, "/voila/parts/([0-9a-f]{32})[.]js"), PartHandler)
        return [*self._pages(), *self._sessions(), *self._health(), parts, *kept, (".*", handlers.NotFoundHandler)]

    def _sessions(self) -> list[tuple[Any, ...]]:
        if not isinstance(self.verifier, Tokens):
            return []
        doors = {"/sign-in": sign_in.SignInHandler, "/sign-out": sign_in.SignOutHandler}
        return [(route(self.base_url, path), handler) for path, handler in doors.items()]

    def _health(self) -> list[tuple[Any, ...]]:
        return [
            (route(self.base_url, "/healthz"), AliveHandler),
            (route(self.base_url, "/readyz"), ReadyHandler, {"readiness": self.readiness}),
        ]

    def _pages(self) -> list[tuple[Any, ...]]:
        render = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        pages = [
            (route(self.base_url, path), handlers.PageHandler, {**render, "notebook_path": nb})
            for path, nb in PAGES.items()
        ]
        return [*pages, (route(self.base_url, "/?"), handlers.HomeHandler)]

    def listen(self) -> None:
        """Serve until a signal says to stop; then end every kernel."""
        self.ioloop = IOLoop.current()
        self._listeners = [Listener(self.app, ssl_options=self.tls, most=self.max_connections)]
        self._listeners[0].add_sockets(self.sockets)
        if self.metrics_sockets:
            self._listeners.append(Listener(metrics_application(self.metrics, self.metrics_front)))
            self._listeners[1].add_sockets(self.metrics_sockets)
        for name in {"SIGINT", "SIGTERM", "SIGHUP"} & set(signal.Signals.__members__):
            signal.signal(signal.Signals[name], self._handle_signal_stop)
        self.ioloop.add_callback(self.kernel_manager.pool.fill)
        self.ioloop.add_callback(self.ready)
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _handle_signal_stop(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # who asks twice does not want to wait
        threading.Thread(target=self._end_anyway, daemon=True).start()
        self.ioloop.add_callback_from_signal(self._end)

    async def _end(self) -> None:
        """End every kernel at once: it only reads, so there is nothing in it to wait for.

        Meanwhile whoever asks is told that the server stops.
        """
        self.seats.close()
        self.readiness.stopping = True
        try:
            await asyncio.wait_for(self.kernel_manager.shutdown_all(now=True), _PATIENCE)
        except TimeoutError:
            _log.warning("some kernels did not end in time; they end with the server")
        finally:
            self.ioloop.stop()

    def stop(self) -> None:
        """Answer no more, and leave nothing behind."""
        for listener in self._listeners:
            listener.stop()
        self.folder.remove()

    def _end_anyway(self) -> None:
        # On a machine that has too much to do the loop may not get so far; kernels end with the process.
        time.sleep(_LONGEST)
        self.folder.remove()
        os._exit(1)
