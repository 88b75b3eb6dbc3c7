"""Reading ahead: the next item is made while the last one is still in use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_TURN = 0.0005  # seconds


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Give `items`, the next of which another thread makes meanwhile; never more than one is waiting."""
    with _short_turns(), ThreadPoolExecutor(1, "opsnb-ahead") as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let whoever comes back from the database wait less for the other thread: by default that is 5 ms each time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
