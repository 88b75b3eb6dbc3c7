"""What stands before every address: a verified user, the headers of every answer, and each failure in one sentence."""

from __future__ import annotations

import logging
from functools import cached_property
from http import HTTPStatus
from types import TracebackType
from typing import Any, NoReturn, cast

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from opsnb.serve.access_log import HEADER, read_id
from opsnb.serve.front import Front
from opsnb.serve.headers import security_headers
from opsnb.serve.identity.provider import Identity
from opsnb.serve.refusal import Refusal
from opsnb.serve.routes import HOME, without
from opsnb.text import visible

_NOT_FOUND = "There is no page at this address."
_FAILED = "This page could not be shown; the reason is in the server's log."
_OTHER_HOST = (
    "This server does not answer to the name {host}; whoever runs it can add it with --allow-host or as public_url."
)
_UNKNOWN = "It is not known who you are; open this page where your team signs in."
_BRING = "Paste the token that you were given, or open the link that holds it."
_log = logging.getLogger("opsnb.serve")


class Guarded(JupyterHandler):
    """Answers nobody but a verified user; ``self.current_user.username`` names that platform user."""

    cache_control = "no-store"
    public = False
    route = "other"
    user: str | None = None
    refused = ""
    quiet = False

    @cached_property
    def request_id(self) -> str:
        """The number by which a person can ask for what the log says of this request."""
        return read_id(self.request, self._identity.verifier.vouches)

    @cached_property
    def tls(self) -> bool:
        """Whether the browser speaks TLS: with this server, or with a proxy that is known to be the proxy."""
        if self.request.protocol == "https" or self._front.origin.startswith("https:"):
            return True
        said = self.request.headers.get_list("X-Forwarded-Proto")
        return said == ["https"] and self._identity.verifier.vouches(self.request)

    @property
    def _identity(self) -> Identity:
        return cast("Identity", self.identity_provider)

    @property
    def _front(self) -> Front:
        return cast("Front", self.settings["front"])

    def set_default_headers(self) -> None:
        """Set what every answer tells the browser, and do not tell it what answers."""
        self.clear_header("Server")
        held = self.tls and self.request.host_name != "localhost"  # whose other ports speak no TLS
        for name, text in security_headers(self._front.framed_by, tls=held).items():
            self.set_header(name, text)
        self.set_header("Cache-Control", self.cache_control)
        self.set_header(HEADER, self.request_id)

    def set_cors_headers(self) -> None:
        """Let no other site read an answer."""

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **flags: Any) -> None:
        """Set a cookie that belongs to these pages alone."""
        same_site = "None" if self._framed else "Lax"
        own: dict[str, Any] = {"path": self.base_url, "samesite": same_site, "secure": self.tls}
        super().set_cookie(name, value, *args, **own | flags)

    @property
    def _framed(self) -> bool:
        """Whether a page of another site may show this one: its browser sends only cookies for that, over TLS alone."""
        return self.tls and bool(self._front.framed_by)

    def add_header(self, name: str, value: Any) -> None:
        """Add a header; a cookie for frames belongs to the site around it, else some browsers keep none at all."""
        partitioned = "; Partitioned" if name == "Set-Cookie" and self._framed else ""
        super().add_header(name, f"{value}{partitioned}" if partitioned else value)

    async def prepare(self, **options: Any) -> None:
        """Refuse a request for another host, and whoever is not known, also where Jupyter would let them in."""
        self.ensure_host()
        await super().prepare(**options)
        if self.current_user is None and not self.public:
            self.get_login_url()
        self.user = self.current_user and self.current_user.username

    def ensure_host(self) -> None:
        """Refuse a request that was meant for another server, or led here."""
        host = self.request.host_name
        if not self._front.answers(host):
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, _OTHER_HOST.format(host=visible(host, 80)))

    @property
    def here(self) -> str:
        """The address asked for, without a token."""
        query = without(self.request.query, "token")
        return f"{self.request.path}?{query}" if query else self.request.path

    def get_login_url(self) -> NoReturn:
        """Refuse in place: there is nowhere else to sign in."""
        raise Refusal(HTTPStatus.UNAUTHORIZED, _UNKNOWN)

    def log_exception(
        self,
        typ: type[BaseException] | None,  # noqa: ARG002 - the error knows
        value: BaseException | None,
        tb: TracebackType | None,  # noqa: ARG002
    ) -> None:
        """Log what was not foreseen; what was refused is told by the line of the request, and without its query."""
        if not isinstance(value, HTTPError):
            _log.error("a request failed", exc_info=value)

    def write_error(self, status_code: int, **told: Any) -> None:
        """Write the page that says what went wrong and leads back to the operations; the traceback is in the log."""
        signing_in = status_code == HTTPStatus.UNAUTHORIZED and self.settings["signs_in"]
        error = told.get("exc_info", (None, None))[1]
        self.refused = error.counted if isinstance(error, Refusal) else ""
        sentence = _sentence(status_code, error)
        if signing_in:
            self.write_sentence("Sign in", _BRING if sentence == _UNKNOWN else sentence, "sign_in.html")
        else:
            retry = error.retry if isinstance(error, Refusal) else None
            self.write_sentence("Busy" if retry else HTTPStatus(status_code).phrase, sentence, retry=retry)

    def write_sentence(
        self, title: str, sentence: str, template: str = "message.html", retry: int | None = None
    ) -> None:
        """Write a page of one sentence; where `retry` is set, the browser asks again after so many seconds."""
        if retry:
            self.set_header("Retry-After", str(retry))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        base = self.base_url.rstrip("/")
        told = {"title": title, "sentence": sentence, "base": base, "home": base + HOME, "here": self.here}
        xsrf = "" if template == "message.html" else self.xsrf_form_html()
        self.finish(self.settings["voila_jinja2_env"].get_template(template).render(**told, xsrf=xsrf, retry=retry))


def _sentence(status_code: int, error: object) -> str:
    if isinstance(error, Refusal):
        return error.sentence
    return _NOT_FOUND if status_code == HTTPStatus.NOT_FOUND else _FAILED
