"""A limit on wrong tokens."""

from __future__ import annotations

import time
from collections import deque
from http import HTTPStatus

from opsnb.serve.refusal import Refusal

_WRONG, _SECONDS, _ADDRESSES = 10, 60, 4096
_TOO_MANY = "Too many wrong tokens came from your address; wait a minute, then try again."


class Guesses:
    """Remembers for a minute from where wrong tokens came."""

    def __init__(self) -> None:
        self._wrong: dict[str, deque[float]] = {}

    def ensure_few(self, address: str) -> None:
        """Let the call go on only if few wrong tokens came from `address` of late.

        Raises
        ------
        Refusal
            Otherwise, also for a token that would be right.
        """
        times = self._wrong.get(address)
        if times and len(times) == _WRONG and time.monotonic() - times[0] < _SECONDS:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY, _SECONDS, "wrong_tokens")

    def count(self, address: str) -> None:
        """Remember a wrong token; of very many addresses the oldest is forgotten."""
        times = self._wrong.pop(address, deque(maxlen=_WRONG))
        times.append(time.monotonic())
        self._wrong[address] = times
        if len(self._wrong) > _ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
