"""Rows of a file, read through a map and written batch by batch, the next of which is read meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from opsnb.load.ahead import ahead
from opsnb.load.batch import BYTES, ROWS, Batch
from opsnb.load.mapping import Map
from opsnb.load.records import Contents, Record
from opsnb.load.rejects import Reject, Rejects, Unfit, as_text
from opsnb.load.rows import RowReader
from opsnb.load.shape import Shape
from opsnb.load.source import Source
from opsnb.load.store import Store

Progress = Callable[[int, int], None]
PIECE = 50  # rows that are read together, and one by one where any of them is unfit


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
        self.reader = RowReader(mapping, nul=not self.store.postgresql, time=self.store.time)
        self.source, self.rejects, self.progress = source, rejects, progress
        self.shape = Shape(mapping)
        self.rows = 0

    def run(self, found: Contents) -> None:
        """Move all rows."""
        for batch in ahead(self._batches(found)):
            self._write(batch)

    def _batches(self, found: Contents) -> Iterator[Batch]:
        read = 0
        for records in _portions(found.records):
            read += len(records)
            batch = Batch(position=self.source.size * read // found.total if found.total else self.source.position)
            for first in range(0, len(records), PIECE):
                self._take(records[first : first + PIECE], batch)
            yield batch

    def _take(self, records: Sequence[Record], batch: Batch) -> None:
        """Read records into a batch: all at once, or one by one where any of them is unfit."""
        for record in records:
            self.shape.watch(record.fields)
        good = [record for record in records if not record.problem]
        try:
            columns = self.reader.columns([record.fields for record in good], tame=all(record.tame for record in good))
        except Unfit:
            self._take_each(records, batch)
        else:
            batch.add(good, columns)
            batch.rejects += (self._rejected(record, Unfit(record.problem)) for record in records if record.problem)

    def _take_each(self, records: Sequence[Record], batch: Batch) -> None:
        for record in records:
            try:
                batch.add([record], self._alone(record))
            except Unfit as problem:
                batch.rejects.append(self._rejected(record, problem))

    def _alone(self, record: Record) -> dict[str, list[Any]]:
        if record.problem:
            raise Unfit(record.problem)
        return self.reader.columns([record.fields], tame=record.tame)

    def _write(self, batch: Batch) -> None:
        for reject in batch.rejects:
            self.rejects.add(reject)
        self.rows += len(batch.records)
        for record, problem in self.store.write(batch):
            self.rows -= 1
            self.rejects.add(self._rejected(record, problem))
        if self.progress:
            self.progress(batch.position, self.rows)

    def _rejected(self, record: Record, problem: Unfit) -> Reject:
        row = record.raw or as_text(record.fields)
        value = as_text(problem.value) if problem.column else ""
        return Reject(self.source.name, record.line, problem.column, problem.reason, value, row)


def _portions(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Give as many records at a time as are written together: fewer where they are large."""
    portion: list[Record] = []
    size = 0
    for record in records:
        portion.append(record)
        size += record.size
        if len(portion) >= ROWS or size >= BYTES:
            yield portion
            portion, size = [], 0
    yield portion
