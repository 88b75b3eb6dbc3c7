"""What a page waits for, and when it is politely refused: a seat, which is room for a kernel, and a turn to be made."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from opsnb.errors import BadInput
from opsnb.serve.capacity import cores, default_kernels
from opsnb.serve.refusal import Refusal

_FULL = "As many people look at operations as this server can bear; your page comes when one of them leaves."
_YOURS = "You have {number} pages open, which is as many as one person may; close one that you do not need any more."
_CROWD = "Many pages are asked for at this moment; yours comes when it is its turn."
_STOPPING = "This server is being stopped; your page comes once it is there again."
_NO_KERNEL = "The server could not start your page at this moment; the reason is in its log."
_PATIENCE, _HOLD = 30.0, 5.0
_AGAIN = (8, 15)


def _busy(status: HTTPStatus, sentence: str, reason: str) -> Refusal:
    # Not all at the same moment: they would only find each other again.
    return Refusal(status, sentence, random.randint(*_AGAIN), reason)  # noqa: S311 - no secret


def no_kernel() -> Refusal:
    """Make the refusal for a page whose kernel could not be started."""
    return _busy(HTTPStatus.SERVICE_UNAVAILABLE, _NO_KERNEL, "no_kernel")


@dataclass(frozen=True)
class _Seat:
    user: str
    held: Callable[[], bool]


class Seats:
    """Room for kernels; a seat is held from the moment that a page is asked for until its kernel is no more.

    Parameters
    ----------
    total
        How many there are.
    each
        How many one user may hold.
    """

    def __init__(self, total: int, each: int) -> None:
        self.total, self.each = total, each
        self._seats: list[_Seat] = []
        self._closed = False

    def __len__(self) -> int:
        self._seats = [seat for seat in self._seats if seat.held()]
        return len(self._seats)

    def take(self, user: str, held: Callable[[], bool]) -> None:
        """Give `user` a seat for as long as `held` says so.

        Raises
        ------
        Refusal
            If there is none left, the user has enough, or no more are given.
        """
        if self._closed:
            raise _busy(HTTPStatus.SERVICE_UNAVAILABLE, _STOPPING, "stopping")
        if len(self) >= self.total:
            raise _busy(HTTPStatus.SERVICE_UNAVAILABLE, _FULL, "full")
        if sum(seat.user == user for seat in self._seats) >= self.each:
            raise _busy(HTTPStatus.TOO_MANY_REQUESTS, _YOURS.format(number=self.each), "user_limit")
        self._seats.append(_Seat(user, held))

    def close(self) -> None:
        """Give no more."""
        self._closed = True


class Turns:
    """Lets few pages be made at once: together they would all be slow.

    Parameters
    ----------
    number
        How many at once.
    patience
        How long one waits, in seconds.
    hold
        How long one keeps others waiting, in seconds: what takes longer waits for its database, not for this machine.
    """

    def __init__(self, number: int, patience: float = _PATIENCE, hold: float = _HOLD) -> None:
        self._free = asyncio.Semaphore(number)
        self._patience, self._hold = patience, hold

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn.

        Raises
        ------
        Refusal
            If it does not come in time.
        """
        try:
            await asyncio.wait_for(self._free.acquire(), self._patience)
        except TimeoutError:
            raise _busy(HTTPStatus.SERVICE_UNAVAILABLE, _CROWD, "crowd") from None
        given = [self._free]
        timer = asyncio.get_running_loop().call_later(self._hold, _give_back, given)
        try:
            yield
        finally:
            timer.cancel()
            _give_back(given)


def _give_back(given: list[asyncio.Semaphore]) -> None:
    while given:
        given.pop().release()


def read_limits(kernels: int | None, each: int | None, waiting: int = 0, *, one_viewer: bool) -> tuple[Seats, Turns]:
    """Give the limits that the options set; one viewer alone may take every seat.

    Parameters
    ----------
    kernels, each
        How many there may be at once, and how many of them one user may hold; None for what the machine bears.
    waiting
        How many of them are kept for whoever comes next, and so are no seats.
    one_viewer
        Whether everybody is the same user.

    Raises
    ------
    BadInput
        If no kernel is left for pages, or one user may have more than there is.
    """
    most = kernels or default_kernels()
    if waiting >= most:
        raise BadInput(f"--max-kernels, which is {most}, must be more than --preheat, which is {waiting}.")
    total = most - waiting
    if each is not None and each > total:
        raise BadInput(f"--max-kernels-per-user must not be more than the {total} pages that --max-kernels leaves.")
    return Seats(total, each or (total if one_viewer else max(1, total // 4))), Turns(max(4, 2 * cores()))
