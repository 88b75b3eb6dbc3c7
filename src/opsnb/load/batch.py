"""Runs that are written together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsnb.load.mapping import TARGETS
from opsnb.load.rejects import Reject

ROWS, BYTES = 2500, 4 * 2**20


@dataclass
class Batch:
    """Runs waiting to be written, column by column, and what was found unfit on the way to them.

    Parameters
    ----------
    records
        What each run came from.
    columns
        Each column of `TARGETS`, with times the way `Store.time` writes them.
    rejects
        What is not to be written.
    position
        How far the file was read.
    """

    records: list[Any] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in TARGETS})
    rejects: list[Reject] = field(default_factory=list)
    position: int = 0

    def add(self, records: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> None:
        """Take more."""
        self.records += records
        for name, found in self.columns.items():
            found += columns[name]

    def only(self, places: Sequence[int]) -> Batch:
        """Give the runs at these places alone."""
        if len(places) == len(self.records):
            return self
        columns = {name: [found[place] for place in places] for name, found in self.columns.items()}
        return Batch([self.records[place] for place in places], columns)
