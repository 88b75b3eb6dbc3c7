"""Reading ahead: the next item is made while the last one is still in use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Give `items`, the next of which another thread makes meanwhile; never more than one is waiting."""
    with ThreadPoolExecutor(1, "opsnb-ahead") as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item
