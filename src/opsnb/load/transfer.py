"""Rows of a file, read through a map and written batch by batch."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from opsnb.load.mapping import Map
from opsnb.load.records import Contents, Record
from opsnb.load.rejects import Reject, Rejects, Unfit, as_text
from opsnb.load.rows import RowReader
from opsnb.load.shape import Shape
from opsnb.load.source import Source
from opsnb.load.store import Batch, Store

Progress = Callable[[int, int], None]


class Transfer:
    """Moves the rows of one file into one transaction."""

    def __init__(
        self,
        connection: Connection,
        source: Source,
        mapping: Map,
        rejects: Rejects,
        progress: Progress | None,
        table: str,
    ) -> None:
        self.store = Store(connection, table)
        self.reader = RowReader(mapping, nul=not self.store.postgresql)
        self.source, self.rejects, self.progress = source, rejects, progress
        self.shape = Shape(mapping)
        self.batch = Batch()
        self.read = self.rows = 0

    def run(self, found: Contents) -> None:
        """Move all rows."""
        for self.read, record in enumerate(found.records, 1):
            self._take(record)
            if self.batch.full:
                self._flush(found.total)
        self._flush(found.total)

    def _take(self, record: Record) -> None:
        self.shape.watch(record.fields)
        if record.problem:
            self._reject(record, Unfit(record.problem))
            return
        try:
            self.batch.add(record, self.reader.run(record.fields))
        except Unfit as problem:
            self._reject(record, problem)

    def _flush(self, total: int) -> None:
        batch, self.batch = self.batch, Batch()
        self.rows += len(batch.rows)
        for record, problem in self.store.write(batch):
            self.rows -= 1
            self._reject(record, problem)
        if self.progress:
            position = self.source.size * self.read // total if total else self.source.position
            self.progress(position, self.rows)

    def _reject(self, record: Record, problem: Unfit) -> None:
        row = record.raw or as_text(record.fields)
        value = as_text(problem.value) if problem.column else ""
        self.rejects.add(Reject(self.source.name, record.line, problem.column, problem.reason, value, row))
