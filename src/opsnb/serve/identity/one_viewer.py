"""``--identity none``: nobody is asked who they are."""

from __future__ import annotations

from dataclasses import dataclass

from tornado.httputil import HTTPServerRequest


@dataclass(frozen=True)
class OneViewer:
    """Takes everybody for the one configured viewer.

    Parameters
    ----------
    who
        Names that platform user.
    """

    who: str

    def user(self, _request: HTTPServerRequest) -> str:
        """Give the configured viewer, whatever the request says."""
        return self.who

    def vouches(self, _request: HTTPServerRequest) -> bool:
        """Know of no proxy."""
        return False

    def holds(self, _request: HTTPServerRequest) -> bool:
        """Let everybody stay."""
        return True
