"""Reading again what is shown: when its browser side asks, beside the event loop, and one read at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

import traitlets

from opsnb.errors import AccessDenied, OpsnbError
from opsnb.ops import Ops
from opsnb.text import caveat
from opsnb.widgets.background import later
from opsnb.widgets.view import Handler, View, sentence
from opsnb.widgets.words import Payload, when

LEAST = 0.5  # seconds between two reads, whatever a browser sends
SHARE = 10  # a read that takes a second is done every ten seconds at most
SLOWEST = 4  # how much longer than usual to wait where the database does not answer


class WasRead(Protocol):
    """What knows of which moment it is, and where it was read; as for `RunPage`."""

    @property
    def as_of(self) -> datetime: ...  # noqa: D102
    @property
    def behind(self) -> timedelta: ...  # noqa: D102
    @property
    def instead(self) -> str: ...  # noqa: D102


Show = Callable[[], None]
Read = Callable[[], Show]


class Refresher:
    """Reads again for all parts of one console.

    Parameters
    ----------
    every
        How long after a read the next one should be asked for; 0 for never.
    beside
        Read along with every part; its failure is nobody's.
    """

    def __init__(self, every: timedelta, beside: Read) -> None:
        self._every = every.total_seconds()
        self._beside = beside
        self._turn = 0
        self._under_way = False
        self._free_at = self._took = 0.0
        self._failures = 0

    def overtake(self) -> None:
        """Forget what is being read: somebody has asked for something since."""
        self._turn += 1

    def start(self, read: Read, failed: Callable[[Exception], None]) -> None:
        """Read in a thread, then call what `read` gave on the event loop, unless it was overtaken."""
        if self._under_way or not self._every or time.monotonic() < self._free_at:
            return
        self._under_way, turn = True, self._turn
        later(lambda: self._read(read), lambda show: self._end(show, turn, failed))

    def _read(self, read: Read) -> Show | Exception:
        began = time.monotonic()
        try:
            show = read()
        except Exception as error:  # noqa: BLE001  whatever it is, it is told where the read was asked for
            return error
        self._took = time.monotonic() - began
        shows = [show]
        with suppress(OpsnbError):
            shows.append(self._beside())
        return lambda: [each() for each in shows].clear()

    def _end(self, found: Show | Exception, turn: int, failed: Callable[[Exception], None]) -> None:
        self._under_way, self._free_at = False, time.monotonic() + LEAST
        if turn != self._turn:
            return
        if isinstance(found, Exception):
            failed(found)
        else:
            found()

    def answered(self) -> float:
        """Note that the database answered; give the seconds until it may be asked again."""
        self._failures = 0
        return max(self._every, self._took * SHARE) if self._every else 0

    def unanswered(self) -> float:
        """Note that it did not; give the seconds until it is tried again."""
        self._failures += 1
        return self._every * min(SLOWEST, 2.0 ** (self._failures - 1))


class Refreshing(View):
    """A part of the console that follows the database without moving under its reader.

    `fresh` says what moment is shown, since when the database has not answered and why, and after how many seconds the
    browser should ask again (0 for never). `n` counts the answers, so that each is one to the browser.

    Parameters
    ----------
    handlers
        As for `View`.
    ops, refresher
        Whose operations, and what reads them again.
    denied
        Called when the right to see them is gone.
    """

    fresh = traitlets.Dict().tag(sync=True)
    shown = traitlets.Bool(False).tag(sync=True)  # until it is its turn

    def __init__(
        self, handlers: Mapping[str, Handler], ops: Ops, refresher: Refresher, denied: Callable[[], None]
    ) -> None:
        super().__init__({**handlers, "refresh": lambda _message: self._refresh()})
        self._ops, self._refresher, self._denied = ops, refresher, denied

    def again(self) -> Read | None:
        """Give what reads again what is shown; None where there is nothing to follow."""
        raise NotImplementedError

    def _refresh(self) -> None:
        read = self.again() if self.shown else None
        if read is not None:
            self._refresher.start(read, self._not_read)

    def _not_read(self, error: Exception) -> None:
        if isinstance(error, AccessDenied):
            self._denied()
        else:
            self.stale(error)

    def current(self, read: WasRead, *, live: bool = True, **more: object) -> None:
        """Say what moment is shown, that of `read`; only what is `live` is followed."""
        wait = self._refresher.answered() if live else 0
        as_of, behind = when(read.as_of, read.as_of), caveat(read.behind, read.instead)
        self._tell({"as_of": as_of, "behind": behind, "wait": wait, **more})

    def stale(self, error: Exception, *, kept: bool = True) -> None:
        """Say that the database does not answer, since when, and that it is tried again; what is shown is `kept`."""
        self.fresh = self.fresh if kept else {"n": self.fresh.get("n", 0)}
        now = self._ops.now()
        since = self.fresh.get("since") or when(now, now)
        self._tell({**self.fresh, "since": since, "error": sentence(error), "wait": self._refresher.unanswered()})

    def _tell(self, fresh: Payload) -> None:
        self.fresh = {"as_of": None, "behind": "", "since": None, "error": "", **fresh, "n": self.fresh.get("n", 0) + 1}
