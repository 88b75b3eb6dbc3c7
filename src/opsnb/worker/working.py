"""The worker itself: claims a run, pretends to work on it, finishes it, and looks for the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from opsnb.errors import DatabaseUnavailable
from opsnb.worker.claims import Claim, Claims
from opsnb.worker.pretence import STOPPED, plan

POLL = 1.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
T = TypeVar("T")


class _Lost(Exception):
    """The run was canceled, or is otherwise another's now."""


class _GaveUp(Exception):
    """Told to stop while the database was away."""


class Worker:
    """Works until it is told to stop; times are in seconds.

    Parameters
    ----------
    claims
        Where it takes its runs from.
    step
        How long each step of a run takes.
    wait
        Waits for so long; True, and at once, when the worker is to stop. `threading.Event.wait` is one.
    say
        Takes one line about what happens.
    """

    def __init__(self, claims: Claims, step: float, wait: Callable[[float], bool], say: Callable[[str], None]) -> None:
        self._claims, self._step, self._wait, self._say = claims, step, wait, say

    def run(self, *, once: bool = False) -> None:
        """Work on one run after the other; with `once` until none is left to claim.

        A database that goes away is waited for. Told to stop, it completes the run at hand as failed, which can be
        retried at once; where the database does not answer, that run goes on to be called running.
        """
        try:
            while not self._wait(0):
                claim = self._patiently(self._claims.take)
                if claim:
                    self._work(claim)
                elif once or self._wait(POLL):
                    return
        except _GaveUp:
            return

    def _work(self, claim: Claim) -> None:
        self._say(f"Operation #{claim.id} claimed")
        try:
            error = self._pretend(claim)
            self._change(partial(self._claims.finish, claim, error))
        except _Lost:
            self._say(f"Operation #{claim.id} left alone: it is no longer this worker's to run")
        else:
            self._say(f"Operation #{claim.id} " + (f"failed: {error['message']}" if error else "succeeded"))

    def _pretend(self, claim: Claim) -> Mapping[str, str] | None:
        planned = plan(claim.id, claim.type, claim.context)
        for step in planned.worked:
            if self._wait(self._step):
                return STOPPED
            self._change(partial(self._claims.advance, claim, planned.progress(step)))
        return planned.error

    def _change(self, change: Callable[[], bool]) -> None:
        if not self._patiently(change):
            raise _Lost

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask until the database answers; say that it does not once, and once that it does again."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                answer = ask()
            except DatabaseUnavailable as error:
                if pause == SHORTEST_PAUSE:
                    self._say(f"{error} The worker waits for it.")
                if self._wait(pause):
                    raise _GaveUp from error
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if pause > SHORTEST_PAUSE:
                    self._say("The database answers again.")
                return answer
