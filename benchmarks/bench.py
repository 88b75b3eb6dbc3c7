"""What a subject gets: the histories it may read, and ways to ask for them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import opsnb
from benchmarks import databases
from benchmarks.databases import KINDS
from benchmarks.history import MANAGER, NOW, SIZES
from benchmarks.postgres import Cluster
from opsnb.ops import Ops

__all__ = ["KINDS", "Bench"]


@dataclass
class Bench:
    """One run.

    Parameters
    ----------
    cluster
        PostgreSQL, running.
    size
        The largest history: a key of `SIZES`.
    """

    cluster: Cluster
    size: str
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def sizes(self) -> list[str]:
        """Every size up to the largest."""
        return [size for size in SIZES if SIZES[size] <= SIZES[self.size]]

    def url(self, kind: str, size: str = "") -> str:
        """Give the address of a history."""
        return databases.url(self.cluster, kind, size or self.size)

    def dsn(self, size: str = "") -> str:
        """Give the address of a history in PostgreSQL for psycopg."""
        return self.cluster.dsn(databases.name(size or self.size))

    def ops(self, kind: str, size: str = "", **more: Any) -> Ops:
        """Open a history as somebody who may do everything, at the time its last run was made; closed at the end."""
        found = opsnb.connect(self.url(kind, size), **{"actor": MANAGER, "now": NOW, **more})
        self._stack.callback(found.close)
        return found

    def close(self) -> None:
        """Close everything."""
        self._stack.close()
