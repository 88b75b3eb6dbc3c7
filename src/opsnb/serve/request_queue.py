"""Requests of a page to its kernel: few are unanswered at once, some wait, and a page that sends more is cut off.

Without this a page could have its kernel make answers faster than they are read: they would fill the memory of both.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

MAX_UNANSWERED = 4
MAX_WAITING = 1000
MAX_WAITING_BYTES = 2**20


class Unanswered:
    """The requests that a kernel has not answered yet, whichever connection they came by."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter()
        self._queues: list[Queue] = []

    @property
    def full(self) -> bool:
        """Whether the kernel is to be asked nothing more for now."""
        return self._numbers.total() >= MAX_UNANSWERED

    @property
    def numbers(self) -> list[str]:
        """The number of each of them."""
        return [*self._numbers.elements()]

    def add(self, number: str) -> None:
        """Note that the kernel was sent the request of this number."""
        self._numbers[number] += 1

    def remove(self, number: str) -> None:
        """Note that the kernel is done with a request; others that wait are sent."""
        if self._numbers[number] > 1:
            self._numbers[number] -= 1
        else:
            del self._numbers[number]
        for queue in [*self._queues]:
            queue.send()

    def attach(self, queue: Queue) -> None:
        """Send from this queue too."""
        self._queues.append(queue)

    def detach(self, queue: Queue) -> None:
        """Send nothing from this queue any more."""
        if queue in self._queues:
            self._queues.remove(queue)


class Queue:
    """The requests of one connection that wait until the kernel has answered others.

    Parameters
    ----------
    unanswered
        Of the kernel.
    reads
        Whether the page has read what was sent to it.
    """

    def __init__(self, unanswered: Unanswered, reads: Callable[[], bool]) -> None:
        self._unanswered, self._reads = unanswered, reads
        self._waiting: deque[tuple[str, int, Callable[[], None]]] = deque()
        self._bytes = 0

    def put(self, number: str, size: int, send: Callable[[], None]) -> bool:
        """Call `send` as soon as the kernel may be asked; give False where too much waits already."""
        if len(self._waiting) >= MAX_WAITING or self._bytes + size > MAX_WAITING_BYTES:
            return False
        self._waiting.append((number, size, send))
        self._bytes += size
        self.send()
        return True

    def send(self) -> None:
        """Send what may be sent by now."""
        while self._waiting and not self._unanswered.full and self._reads():
            number, size, send = self._waiting.popleft()
            self._bytes -= size
            self._unanswered.add(number)
            send()
