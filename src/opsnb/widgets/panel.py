"""What stands beside a page's answer and is read after it, so that the answer never waits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

import traitlets

from opsnb.widgets.background import later
from opsnb.widgets.view import View, sentence
from opsnb.widgets.words import Payload

SHARE = 20  # what takes a second to read is read every twenty seconds at most, but for whoever asks


class _Found(NamedTuple):
    shown: Payload
    failure: str
    took: float


class Panel(View):
    """A part that keeps what it shows until it knows better; `busy` says that more is on its way."""

    busy = traitlets.Bool(False).tag(sync=True)
    _key: Hashable = None
    _known: Hashable = None
    _due = 0.0
    _turn = 0

    def load(self, key: Hashable, read: Callable[[], Payload], *, anew: bool) -> None:
        """Read in a thread what belongs to `key`: `anew` because somebody asks, else as often as it costs little."""
        same = key == self._key
        if same and (self._due == math.inf or not (anew or time.monotonic() >= self._due)):
            return
        if not same:
            self.busy = True
        self._key, self._due, self._turn = key, math.inf, self._turn + 1
        turn = self._turn
        later(lambda: _timed(read), lambda found: self._put(found, key, turn))

    def clear(self) -> None:
        """Show nothing, whatever is being read."""
        self._key, self._due, self._turn = None, 0.0, self._turn + 1
        self.busy, self.state = False, {}

    def _put(self, found: _Found, key: Hashable, turn: int) -> None:
        if turn != self._turn:
            return
        self._due = time.monotonic() + SHARE * found.took
        with self.hold_sync():
            self.busy = False
            if not found.failure:
                self._known, self.state = key, found.shown
            else:
                self.state = {**(self.state if self._known == key else {}), "error": found.failure}


def _timed(read: Callable[[], Payload]) -> _Found:
    began = time.monotonic()
    try:
        return _Found(read(), "", time.monotonic() - began)
    except Exception as error:  # noqa: BLE001  it is told in the panel's own place
        return _Found({}, sentence(error), time.monotonic() - began)
