"""Rows of a file, read through a map and written batch by batch, the next of which is read meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from opsnb.load.ahead import ahead
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
        self.rows = 0

    def run(self, found: Contents) -> None:
        """Move all rows."""
        for batch in ahead(self._batches(found)):
            self._write(batch)

    def _batches(self, found: Contents) -> Iterator[Batch]:
        batch = Batch()
        for read, record in enumerate(found.records, 1):
            self._take(record, batch)
            if batch.full:
                batch.position = self.source.size * read // found.total if found.total else self.source.position
                yield batch
                batch = Batch()
        batch.position = self.source.size
        yield batch

    def _take(self, record: Record, batch: Batch) -> None:
        self.shape.watch(record.fields)
        if record.problem:
            batch.reject(self._rejected(record, Unfit(record.problem)))
            return
        try:
            batch.add(record, self.reader.run(record.fields))
        except Unfit as problem:
            batch.reject(self._rejected(record, problem))

    def _write(self, batch: Batch) -> None:
        for reject in batch.rejects:
            self.rejects.add(reject)
        self.rows += len(batch.rows)
        for record, problem in self.store.write(batch):
            self.rows -= 1
            self.rejects.add(self._rejected(record, problem))
        if self.progress:
            self.progress(batch.position, self.rows)

    def _rejected(self, record: Record, problem: Unfit) -> Reject:
        row = record.raw or as_text(record.fields)
        value = as_text(problem.value) if problem.column else ""
        return Reject(self.source.name, record.line, problem.column, problem.reason, value, row)
