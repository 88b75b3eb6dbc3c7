"""Kernels that have loaded everything and wait for whoever comes next; until then they are nobody's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context

from opsnb.errors import log

_CALM, _RETRY = 1.0, 10.0


class Pool:
    """Keeps `size` kernels waiting.

    Parameters
    ----------
    size
        How many; 0 for none.
    start
        Starts one more, has it load everything, and gives its number.
    """

    def __init__(self, size: int, start: Callable[[], Awaitable[str]]) -> None:
        self.size = size
        self._start = start
        self._waiting: deque[str] = deque()
        self._filled = False
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, kernel: object) -> bool:
        return kernel in self._waiting

    @property
    def ready(self) -> bool:
        """Whether kernels can be kept waiting: it was full, and none has failed to start since."""
        return self._filled or not self.size

    def take(self) -> str | None:
        """Give the kernel that has waited longest, if there is one, and see to it that another waits soon."""
        taken = self._waiting.popleft() if self._waiting else None
        self.fill(_CALM)  # the page that is being made comes first
        return taken

    def discard(self, kernel: str) -> None:
        """Take note that a kernel has died; another will wait in its place."""
        if kernel in self:
            self._waiting.remove(kernel)
            self.fill(_CALM)

    def fill(self, delay: float = 0.0) -> None:
        """Begin to start what is missing, one after the other."""
        if self.size and (self._task is None or self._task.done()):
            # Not in the name of the request whose kernel is replaced.
            self._task = asyncio.get_running_loop().create_task(self._fill(delay), context=Context())

    async def empty(self) -> None:
        """Start no more."""
        self.size = 0
        self._waiting.clear()
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _fill(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while len(self) < self.size:
            try:
                self._waiting.append(await self._start())
            except Exception as error:  # noqa: BLE001  pages start kernels of their own meanwhile
                self._filled = False
                log.warning("a kernel could not be kept waiting: %s", error)
                await asyncio.sleep(_RETRY)
        self._filled = True
