"""What answers a request: a page, or one sentence that leads back to one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from voila.tornado.handler import TornadoVoilaHandler

from opsnb.serve.routes import HOME, page_query

# Widgets reach the browser as modules made from blobs, and Voila writes inline scripts; another host is never asked.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'"
)
_NOT_FOUND = "There is no page at this address."
_FAILED = "This page could not be shown; the reason is in the server's log."


class Sentences(JupyterHandler):
    """Says every failure in one sentence; the traceback stays in the log."""

    @property
    def content_security_policy(self) -> str:
        """What the browser may load: this server's own files."""
        return POLICY

    def write_error(self, status_code: int, **_: Any) -> None:
        """Write the page that says what went wrong and leads back to the operations."""
        template = self.settings["voila_jinja2_env"].get_template("message.html")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            template.render(
                title=HTTPStatus(status_code).phrase,
                sentence=_NOT_FOUND if status_code == HTTPStatus.NOT_FOUND else _FAILED,
                home=self.base_url.rstrip("/") + HOME,
            )
        )


class PageHandler(Sentences, TornadoVoilaHandler):  # type: ignore[misc]
    """Runs the notebook of one canonical route in a kernel of its own."""

    kernel: str | None = None

    async def get(self, *_: str) -> None:
        """Stream the page."""
        self.xsrf_token  # noqa: B018 - sets the cookie without which the page cannot end its kernel as it closes
        self.request.query = page_query(self.request.query)
        for name in ("template", "theme"):
            self.request.arguments.pop(name, None)
        await super().get()  # type: ignore[misc] # tornado's decorator says that it may give nothing

    def on_connection_close(self) -> None:
        """End the kernel of a reader who left before the page was whole, and so cannot end it."""
        super().on_connection_close()
        if self.kernel and self.kernel in self.kernel_manager:
            self.log.info("The reader of %s left early.", self.request.path)
            IOLoop.current().add_callback(self.kernel_manager.shutdown_kernel, self.kernel, now=True)


class NotFoundHandler(Sentences):
    """Everything that is no page."""

    async def prepare(self, **_: Any) -> None:
        """Refuse before any method of the request is looked at."""
        raise HTTPError(HTTPStatus.NOT_FOUND)


class KernelModelHandler(KernelHandler):
    """Tells a page about its kernel; ending it is the shutdown route's, which asks for the page's cookie."""

    SUPPORTED_METHODS = ("GET",)
