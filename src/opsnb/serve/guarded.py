"""What stands before every address: a verified user, the headers of every answer, and each failure in one sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from jupyter_server.base.handlers import JupyterHandler

from opsnb.serve.refusal import Refusal
from opsnb.serve.routes import HOME

# Widgets reach the browser as modules made from blobs, and Voila writes inline scripts; another host is never asked.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'self'"
)
_NOT_FOUND = "There is no page at this address."
_FAILED = "This page could not be shown; the reason is in the server's log."
_UNKNOWN = "It is not known who you are; open this page where your team signs in."


class Guarded(JupyterHandler):
    """Answers nobody but a verified user; ``self.current_user.username`` names that platform user."""

    @property
    def content_security_policy(self) -> str:
        """What the browser may load: this server's own files."""
        return POLICY

    async def prepare(self, **options: Any) -> None:
        """Refuse whoever is not known, also where Jupyter itself would let them in."""
        await super().prepare(**options)
        if self.current_user is None:
            self.get_login_url()

    def get_login_url(self) -> NoReturn:
        """Refuse in place: there is nowhere else to sign in."""
        raise Refusal(HTTPStatus.UNAUTHORIZED, _UNKNOWN)

    def write_error(self, status_code: int, **told: Any) -> None:
        """Write the page that says what went wrong and leads back to the operations; the traceback is in the log."""
        template = self.settings["voila_jinja2_env"].get_template("message.html")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            template.render(
                title=HTTPStatus(status_code).phrase,
                sentence=_sentence(status_code, told.get("exc_info", (None, None))[1]),
                home=self.base_url.rstrip("/") + HOME,
            )
        )


def _sentence(status_code: int, error: object) -> str:
    if isinstance(error, Refusal):
        return error.sentence
    return _NOT_FOUND if status_code == HTTPStatus.NOT_FOUND else _FAILED
