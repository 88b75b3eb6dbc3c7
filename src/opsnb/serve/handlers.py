"""What answers a request: a page, or one sentence that leads back to one."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast

from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop
from tornado.iostream import StreamBufferFullError, StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from opsnb.errors import log
from opsnb.serve.guarded import Guarded
from opsnb.serve.kernel import PageKernel
from opsnb.serve.ownership import OfKernel
from opsnb.serve.refusal import Refusal
from opsnb.serve.routes import HOME, ROUTES, page_query
from opsnb.serve.sign_in import Entrance

_UNREAD = 16 * 2**20  # bytes: some times what a page and its widgets are

_MAX_CHANNELS = 4
_CHANNELS = "This page has as many connections with its kernel as it may have."


class PageHandler(Entrance, TornadoVoilaHandler):  # type: ignore[misc]
    """Runs the notebook of one canonical route in a kernel of its own."""

    kernel: PageKernel | None = None
    left = False
    _made = False

    @property
    def route(self) -> str:  # type: ignore[override] # one class answers on all of them
        """The canonical route that was asked for."""
        return ROUTES[self.notebook_path]

    async def get(self, *_: str) -> None:
        """Stream the page."""
        self.xsrf_token  # noqa: B018 - sets the cookie without which the page cannot end its kernel as it closes
        self.request.query = page_query(self.request.query)
        for name in ("template", "theme"):
            self.request.arguments.pop(name, None)
        self.settings["seats"].take(self.current_user.username, self._holds_seat)
        try:
            async with self.settings["turns"].turn():
                whole = await self._stream()
            if whole:
                self.settings["metrics"].page(self.route, self.request.request_time())
        except StreamClosedError:  # the reader had left before anything began
            self.end_kernel()
        finally:
            self._made = True

    def _holds_seat(self) -> bool:
        return not self._made or (self.kernel is not None and self.kernel.kernel_id in self.kernel_manager)

    async def _stream(self) -> bool:
        """Send the page: whether it became whole."""
        if self.left:
            return False
        async for html in self.get_generator():
            self.write(html)
            await self.flush()
            if self.kernel and self.kernel.failure:  # Voila would wait for it for ever
                log.error("a page could not be made: %s", self.kernel.failure)
                self.write(self.settings["voila_jinja2_env"].get_template("failed.html").render())
                self.end_kernel()
                return False
        return not self.left

    def on_connection_close(self) -> None:
        """End the kernel of a reader who left before the page was whole, and so cannot end it."""
        super().on_connection_close()
        self.left = True
        self.end_kernel()

    def end_kernel(self) -> None:
        """End the page's kernel at once, if it has one."""
        kernel, self.kernel = self.kernel, None
        if kernel and kernel.kernel_id in self.kernel_manager:
            IOLoop.current().add_callback(cast("Any", self.kernel_manager).end, kernel.kernel_id)


class NotFoundHandler(Guarded):
    """Everything that is no page."""

    async def prepare(self, **_: Any) -> None:
        """Refuse before any method of the request is looked at."""
        self.ensure_host()
        raise HTTPError(HTTPStatus.NOT_FOUND)


class KernelModelHandler(OfKernel, KernelHandler):
    """Tells a page about its kernel; ending it is the shutdown route's, which asks for the page's cookie."""

    route = "/api/kernels/{kernel}"

    SUPPORTED_METHODS = ("GET",)


class ShutdownHandler(OfKernel, VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the kernel of a page that closes."""

    route = "/voila/api/shutdown/{kernel}"


class ChannelsHandler(OfKernel, VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """Passes messages between a page and its kernel."""

    route = "/api/kernels/{kernel}/channels"

    async def get(self, kernel_id: str) -> None:
        """Open a channel, and return once it is closed; a page has one, or two as it connects again.

        Raises
        ------
        Refusal
            If the kernel has as many as it may.
        """
        kernel = cast("PageKernel", self.kernel_manager.get_kernel(kernel_id))
        if kernel.channels >= _MAX_CHANNELS:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, _CHANNELS, counted="too_many_channels")
        kernel.channels += 1
        try:
            await cast("Any", super()).get(kernel_id=kernel_id)
        finally:
            kernel.channels -= 1

    async def open(self, kernel_id: str) -> None:
        """Connect both, and keep no more for the page than it may leave unread."""
        self.ws_connection.stream.max_write_buffer_size = _UNREAD
        await super().open(kernel_id)

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """Send to the page, unless it has long stopped to read; for then Jupyter would keep it for ever."""
        try:
            sent = super().write_message(message, binary)
        except (WebSocketClosedError, StreamClosedError):
            return None  # a page that has gone hears nothing
        except StreamBufferFullError:
            self.log.warning("The page of kernel %s does not read; both are ended.", self.kernel_id)
            self.settings["metrics"].refused("unread")
            self.ws_connection.stream.close()
            IOLoop.current().add_callback(cast("Any", self.kernel_manager).end, self.kernel_id)
            return None
        if sent:
            sent.add_done_callback(self._sent)
        return sent

    def _sent(self, done: asyncio.Future[None]) -> None:
        """Pass on what waited until the page had read this; that it has gone is nothing to tell anybody."""
        if not done.cancelled() and not done.exception() and self.connection:
            self.connection.queue.send()

    def send_ping(self) -> None:
        """Look now and then whether whoever opened the channel may still have it."""
        if self._identity.verifier.holds(self.request):
            super().send_ping()
        else:
            self.settings["metrics"].refused("signed_out")
            self.close(reason="You are not signed in any more.")


class HomeHandler(Entrance):
    """Leads from the root to the operations."""

    route = "/"

    def get(self) -> None:
        """Redirect."""
        self.redirect(self.base_url.rstrip("/") + HOME)
