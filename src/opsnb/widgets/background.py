"""Work that a page does not wait for, done beside the kernel's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from opsnb.errors import log

PAUSE = 0.05  # seconds, in which a browser draws what it was sent
T = TypeVar("T")


def later(work: Callable[[], T], done: Callable[[T], None]) -> None:
    """Run `work` in a thread and hand its result to `done` on the event loop; without a loop, do both at once.

    The thread starts once what is being answered just now is drawn: it would share the processor with that.

    An error in `work` goes to the log: it belongs to something that the page can do without.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        _finish(work, done)
        return

    def start() -> None:
        loop.run_in_executor(None, work).add_done_callback(lambda finished: _finish(finished.result, done))

    loop.call_later(PAUSE, start)


def soon(act: Callable[[], None]) -> None:
    """Call `act` on the event loop once what is being answered just now is sent; without a loop, at once."""
    try:
        asyncio.get_running_loop().call_soon(act)
    except RuntimeError:
        act()


def _finish(work: Callable[[], T], done: Callable[[T], None]) -> None:
    try:
        done(work())
    except Exception as error:  # noqa: BLE001  nothing else would ever look at it
        log.warning("work in the background failed", exc_info=error)
