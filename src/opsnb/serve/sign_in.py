"""Sessions of people who bring a token: by a link that holds it or by a form, and their end."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from jupyter_server import CallContext
from jupyter_server.auth.decorator import allow_unauthenticated

from opsnb.serve.files import versioned
from opsnb.serve.guarded import Guarded
from opsnb.serve.identity.tokens import SESSION, Tokens, cookie_name
from opsnb.serve.refusal import Refusal
from opsnb.serve.routes import HOME, PAGES, route

_WRONG = "This token is not known here; ask whoever runs this server for another."


class Session(Guarded):
    """Begins sessions."""

    @property
    def _tokens(self) -> Tokens | None:
        verifier = self._identity.verifier
        return verifier if isinstance(verifier, Tokens) else None

    def _begin(self, tokens: Tokens, token: str, address: str) -> None:
        if not tokens.admits(token, self.request):
            raise Refusal(HTTPStatus.UNAUTHORIZED, _WRONG)
        name, value = tokens.session(token, self.request)
        self.set_cookie(name, value, max_age=SESSION, httponly=True)
        self.redirect(address, status=HTTPStatus.SEE_OTHER)


class Entrance(Session):
    """A page that a link with a token opens: the address without the token, once the session has begun."""

    async def prepare(self, **options: Any) -> None:
        """Take the token out of the address before anything else sees it."""
        tokens, sent = self._tokens, self.get_query_arguments("token")
        if tokens and sent and self.request.method == "GET":
            self.current_user = None
            self.request.uri = self.here
            self.ensure_host()
            self._begin(tokens, sent[-1], self.here)
        else:
            await super().prepare(**options)


class SignInHandler(Session):
    """Takes the token of the form."""

    route = "/sign-in"
    public = True

    @allow_unauthenticated
    def get(self) -> None:
        """Lead to where the form is: a browser that loads an answer of it again comes here."""
        self.redirect(self.base_url.rstrip("/") + HOME)

    @allow_unauthenticated
    def post(self) -> None:
        """Begin a session and lead back to where it was asked for."""
        if self._tokens:
            self._begin(self._tokens, self.get_body_argument("token", ""), self._wanted())

    def _wanted(self) -> str:
        """Give the page to go to; an address that is none of ours is not gone to."""
        wanted = self.get_body_argument("next", "")
        ours = any(re.fullmatch(route(self.base_url, page), urlsplit(wanted).path) for page in PAGES)
        plain = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable() and "\\" not in wanted
        return wanted if ours and plain else self.base_url.rstrip("/") + HOME


class SignOutHandler(Session):
    """Ends the session of this browser."""

    route = "/sign-out"

    def get(self) -> None:
        """Ask, so that no link elsewhere ends it."""
        self.write_sentence("Sign out", f"You are signed in as {self.current_user.username}.", template="sign_out.html")

    def post(self) -> None:
        """End it."""
        self.clear_cookie(cookie_name(self.request))
        self.redirect(self.base_url.rstrip("/") + HOME, status=HTTPStatus.SEE_OTHER)


def page_config(current: dict[str, Any], settings: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Tell a page where its files are, and who is signed in, if signing out is up to it."""
    page = CallContext.get(CallContext.JUPYTER_HANDLER)
    return versioned(current, settings["files_version"]) | (
        {"opsnbUser": page.current_user.username} if settings["signs_in"] and page else {}
    )
