"""``--identity token``: each person brings a token, once for a session in the browser or with every request."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.web import create_signed_value, decode_signed_value

from opsnb.serve.identity.guesses import Guesses
from opsnb.serve.identity.token_file import digest, new_token

SESSION = 12 * 3600  # seconds


class Tokens:
    """Knows people by their tokens.

    Parameters
    ----------
    people
        Gives whom the hash of each token names, as of now.
    first
        A token to be printed at the start; empty where there is a file.
    """

    def __init__(self, people: Callable[[], Mapping[str, str]], first: str = "") -> None:
        self.first = first
        self._people = people
        self._guesses = Guesses()
        self._secret = secrets.token_bytes(32)

    @classmethod
    def of(cls, who: str) -> Tokens:
        """Make one token, which names `who`."""
        token = new_token()
        people = {digest(token): who}
        return cls(lambda: people, token)

    def user(self, request: HTTPServerRequest) -> str | None:
        """Give whom the token in the header names, else whom the session does."""
        token = _bearer(request)
        if token is None:
            return self._people().get(self._session(request))
        return self._people().get(digest(token)) if self.admits(token, request) else None

    def admits(self, token: str, request: HTTPServerRequest) -> bool:
        """Whether a token is known.

        Raises
        ------
        Refusal
            If too many wrong ones came from the same address.
        """
        address = request.remote_ip or ""
        self._guesses.ensure_few(address)
        if digest(token) in self._people():
            return True
        self._guesses.count(address)
        return False

    def vouches(self, _request: HTTPServerRequest) -> bool:
        """Know of no proxy."""
        return False

    def holds(self, request: HTTPServerRequest) -> bool:
        """Whether token or session counts still: neither removed from the file nor over."""
        token = _bearer(request)
        return (self._session(request) if token is None else digest(token)) in self._people()

    def session(self, token: str, request: HTTPServerRequest) -> tuple[str, bytes]:
        """Give name and value of the cookie of a session; it ends with the token that began it."""
        name = cookie_name(request)
        return name, create_signed_value(self._secret, name, digest(token))

    def _session(self, request: HTTPServerRequest) -> str:
        name = cookie_name(request)
        cookie = request.cookies.get(name)
        value = decode_signed_value(self._secret, name, cookie.value if cookie else None, SESSION / 86400)
        return value.decode() if value else ""


def cookie_name(request: HTTPServerRequest) -> str:
    """Name the cookie after the port, for browsers do not keep those of different ports apart."""
    port = split_host_and_port(request.host)[1]
    return f"opsnb-{port}" if port else "opsnb"


def _bearer(request: HTTPServerRequest) -> str | None:
    """Give the token in the header; several are none that is known."""
    sent = [text.partition(" ") for text in request.headers.get_list("Authorization")]
    tokens = [token.strip() for kind, _, token in sent if kind.lower() == "bearer"]
    return None if not tokens else tokens[0] if len(tokens) == 1 else ""
