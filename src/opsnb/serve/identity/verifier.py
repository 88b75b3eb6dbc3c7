"""What the server asks of every way to tell who sends a request."""

from __future__ import annotations

from typing import Protocol

from tornado.httputil import HTTPServerRequest


class Verifier(Protocol):
    """Tells who sends a request."""

    def user(self, request: HTTPServerRequest) -> str | None:
        """Name the platform user who asks, as `opsnb.queries.actors.fetch_actor` reads it; None for nobody known."""

    def vouches(self, request: HTTPServerRequest) -> bool:
        """Whether a proxy that is known as such passed the request on, so that what it says of it may be believed."""

    def holds(self, request: HTTPServerRequest) -> bool:
        """Whether what let `request` in some time ago would let it in still; asked while a channel is open."""
