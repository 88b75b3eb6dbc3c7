"""How a worker in a process of its own is told to stop: by a signal, or by the end of who started it."""

from __future__ import annotations

import os
import select
import signal
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Listens from now on; for the main thread alone.

    Parameters
    ----------
    with_parent
        Stop also when standard input ends. Its other end is held by the process that started this one, and is closed
        by the system however that ends, SIGKILL included.
    """

    def __init__(self, *, with_parent: bool = False) -> None:
        told, self._tell = os.pipe()
        self._watched = [told, sys.stdin.fileno()] if with_parent else [told]
        for number in SIGNALS:
            signal.signal(number, self._note)

    def wait(self, seconds: float) -> bool:
        """Wait for so long, or until told to stop; whether it was."""
        # Nothing is ever read, so what was told once stays told.
        return bool(select.select(self._watched, [], [], seconds)[0])

    def _note(self, _number: int, _frame: object) -> None:
        os.write(self._tell, b".")
