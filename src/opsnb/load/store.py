"""Runs into the database, a batch at a time, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DataError, IntegrityError

from opsnb.load.names import Names
from opsnb.load.rejects import Reject, Unfit
from opsnb.models import operation_runs, sqlite_text
from opsnb.names import quoted
from opsnb.sqlitetimes import Style

COLUMNS = ("id", "workspace_id", "tenant_id", "initiator_name", "type", "status", "outcome", "context", "created_at",
           "started_at", "completed_at")  # fmt: skip
ROWS, BYTES = 1000, 4 * 2**20
Values = tuple[Any, ...]
TAKEN = "is taken by an earlier row or by a run in the database"
_SEQUENCE = text(
    "SELECT setval(seq, GREATEST(nextval(seq), (SELECT max(id) FROM operation_runs) + 1), false)"
    " FROM pg_get_serial_sequence('operation_runs', 'id') AS seq WHERE seq IS NOT NULL"
)


@dataclass
class Batch:
    """Runs waiting to be written, each with the record it came from, and what was found unfit on the way to them.

    `position` is how far the file was read.
    """

    rows: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    size: int = 0
    position: int = 0

    def add(self, record: Any, run: dict[str, Any]) -> None:
        """Take one more."""
        self.rows.append((record, run))
        self.size += len(run["context"])

    def reject(self, reject: Reject) -> None:
        """Take one that is not to be written."""
        self.rejects.append(reject)
        self.size += len(reject.row)

    @property
    def full(self) -> bool:
        """Whether it should be written now: by rows, or by bytes where rows are large."""
        return len(self.rows) + len(self.rejects) >= ROWS or self.size >= BYTES


class Store:
    """Writes batches of runs."""

    def __init__(self, connection: Connection, table: str = operation_runs.name) -> None:
        self.connection = connection
        self.table = quoted(table)
        self.names = Names(connection)
        self.postgresql = connection.dialect.name == "postgresql"
        self.copies = self.postgresql
        self.mark = "%s" if self.postgresql else "?"
        own: Style = getattr(connection.dialect, "write_time", sqlite_text)
        self.time: Style = datetime.isoformat if self.postgresql else own

    def write(self, batch: Batch) -> Iterator[tuple[Any, Unfit]]:
        """Write a batch; give each record that was refused, and why."""
        numbers = [run["id"] for _, run in batch.rows if run["id"] is not None]
        taken = self._taken(numbers)
        fresh = []
        for record, run in batch.rows:
            if run["id"] in taken:
                yield record, Unfit(TAKEN, "id", str(run["id"]))
                continue
            taken.add(run["id"] or 0)
            fresh.append((record, run))
        # Numbered runs first, so that the database numbers the others past them.
        yield from self._insert([pair for pair in fresh if pair[1]["id"] is not None], numbered=True)
        yield from self._insert([pair for pair in fresh if pair[1]["id"] is None], numbered=False)

    def _taken(self, numbers: Sequence[int]) -> set[int]:
        if not numbers:
            return set()
        return set(self.connection.scalars(select(operation_runs.c.id).where(operation_runs.c.id.in_(numbers))))

    def _insert(self, pairs: list[tuple[Any, dict[str, Any]]], *, numbered: bool) -> Iterator[tuple[Any, Unfit]]:
        if not pairs:
            return
        columns = COLUMNS if numbered else COLUMNS[1:]
        rows = [self._row(run)[-len(columns) :] for _, run in pairs]
        if not self._copy(columns, rows) and self._execute(columns, rows) is not None:
            for (record, _), row in zip(pairs, rows, strict=True):
                if refused := self._execute(columns, [row]):
                    yield record, Unfit(refused)
        if numbered and self.postgresql:
            self.connection.execute(_SEQUENCE)

    def _copy(self, columns: Sequence[str], rows: list[Values]) -> bool:
        """Write rows by COPY; False where that cannot be done here, or not with all of these."""
        if not self.copies:
            return False
        cursor: Any = self.connection.connection.cursor()
        text = f"COPY {self.table} ({', '.join(columns)}) FROM STDIN"
        try:
            with self.connection.begin_nested(), cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row)
        except self.connection.dialect.loaded_dbapi.Error:
            self.copies = False  # a view takes no COPY, and which row is at fault is found one by one
        return self.copies

    def _execute(self, columns: Sequence[str], rows: list[Values]) -> str | None:
        # One statement for all: the next rows are read while SQLite works on it, as not between many short ones.
        row = f"({', '.join([self.mark] * len(columns))})"
        statement = f"INSERT INTO {operation_runs.name} ({', '.join(columns)}) VALUES {', '.join([row] * len(rows))}"
        try:
            with self.connection.begin_nested():
                self.connection.exec_driver_sql(statement, tuple(chain.from_iterable(rows)))
        except (IntegrityError, DataError) as error:
            return f"the database refuses it: {next(iter(str(error.orig).splitlines()), '')}"
        return None

    def _row(self, run: dict[str, Any]) -> Values:
        """Give the values of `COLUMNS`, the way the driver takes them as they are."""
        workspace_id = self.names.workspace(run["workspace"])
        created_at, started_at, completed_at = run["created_at"], run["started_at"], run["completed_at"]
        return (
            run["id"], workspace_id, self.names.tenant(run["tenant"], workspace_id), run["initiator_name"],
            run["type"], run["status"], run["outcome"], run["context"], self.time(created_at),
            started_at and self.time(started_at), completed_at and self.time(completed_at),
        )  # fmt: skip
