"""Runs into the database, a batch at a time, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, IntegrityError

from opsnb.load.names import Names
from opsnb.load.rejects import Unfit
from opsnb.models import operation_runs
from opsnb.names import quoted

ROWS, BYTES = 1000, 4 * 2**20
TAKEN = "is taken by an earlier row or by a run in the database"
_SEQUENCE = text(
    "SELECT setval(seq, GREATEST(nextval(seq), (SELECT max(id) FROM operation_runs) + 1), false)"
    " FROM pg_get_serial_sequence('operation_runs', 'id') AS seq WHERE seq IS NOT NULL"
)


@dataclass
class Batch:
    """Runs waiting to be written, each with the record it came from."""

    rows: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    size: int = 0

    def add(self, record: Any, run: dict[str, Any]) -> None:
        """Take one more."""
        self.rows.append((record, run))
        self.size += len(run["context"])

    @property
    def full(self) -> bool:
        """Whether it should be written now: by rows, or by bytes where rows are large."""
        return len(self.rows) >= ROWS or self.size >= BYTES


class Store:
    """Writes batches of runs."""

    def __init__(self, connection: Connection, table: str = operation_runs.name) -> None:
        self.connection = connection
        self.table = quoted(table)
        self.names = Names(connection)
        self.postgresql = connection.dialect.name == "postgresql"
        self.copies = self.postgresql

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
        rows = [self._row(run) for _, run in pairs]
        if not self._copy(rows) and self._execute(rows) is not None:
            for (record, _), row in zip(pairs, rows, strict=True):
                if refused := self._execute([row]):
                    yield record, Unfit(refused)
        if numbered and self.postgresql:
            self.connection.execute(_SEQUENCE)

    def _copy(self, rows: list[dict[str, Any]]) -> bool:
        """Write rows by COPY; False where that cannot be done here, or not with all of these."""
        if not self.copies:
            return False
        names = [*rows[0]]
        columns = ", ".join("context" if name == "context_text" else name for name in names)
        cursor: Any = self.connection.connection.cursor()
        text = f"COPY {self.table} ({columns}) FROM STDIN"
        try:
            with self.connection.begin_nested(), cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row([row[name] for name in names])
        except self.connection.dialect.loaded_dbapi.Error:
            self.copies = False  # a view takes no COPY, and which row is at fault is found one by one
        return self.copies

    def _execute(self, rows: list[dict[str, Any]]) -> str | None:
        statement = insert(operation_runs).values(context=self._context())
        try:
            with self.connection.begin_nested():
                self.connection.execute(statement, rows)
        except (IntegrityError, DataError) as error:
            return f"the database refuses it: {next(iter(str(error.orig).splitlines()), '')}"
        return None

    def _context(self) -> Any:
        """JSON text as it is: it was made and checked once already."""
        spelled = bindparam("context_text", type_=Text)
        return cast(spelled, JSONB) if self.postgresql else spelled

    def _row(self, run: dict[str, Any]) -> dict[str, Any]:
        row = {key: value for key, value in run.items() if key not in ("workspace", "tenant", "context")}
        if row["id"] is None:
            del row["id"]
        workspace_id = self.names.workspace(run["workspace"])
        tenant_id = self.names.tenant(run["tenant"], workspace_id)
        return row | {"workspace_id": workspace_id, "tenant_id": tenant_id, "context_text": run["context"]}
