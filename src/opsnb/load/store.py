"""Runs into the database, a batch at a time, within the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, any_, column, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DataError, IntegrityError

from opsnb.load.mapping import TARGETS
from opsnb.load.names import Names
from opsnb.load.rejects import Reject, Unfit
from opsnb.models import operation_runs, sqlite_text
from opsnb.names import quoted
from opsnb.sqlitetimes import Style

ROWS, BYTES = 1000, 4 * 2**20
Values = tuple[Any, ...]
_COLUMNS = {"workspace": "workspace_id", "tenant": "tenant_id"}
TAKEN = "is taken by an earlier row or by a run in the database"
_SEQUENCE = text(
    "SELECT setval(seq, GREATEST(nextval(seq), (SELECT max(id) FROM operation_runs) + 1), false)"
    " FROM pg_get_serial_sequence('operation_runs', 'id') AS seq WHERE seq IS NOT NULL"
)


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
        numbers = batch.columns["id"]
        refused = self._taken(numbers)
        for place in refused:
            yield batch.records[place], Unfit(TAKEN, "id", str(numbers[place]))
        # Numbered runs first, so that the database numbers the others past them.
        numbered = [place for place, number in enumerate(numbers) if number is not None and place not in refused]
        yield from self._insert(batch.only(numbered), numbered=True)
        yield from self._insert(batch.only([at for at, number in enumerate(numbers) if number is None]), numbered=False)

    def _taken(self, numbers: Sequence[int | None]) -> dict[int, None]:
        """Tell at which places a number stands that is not free any more."""
        wanted = [number for number in numbers if number is not None]
        if not wanted:
            return {}
        taken = set(self.connection.scalars(select(operation_runs.c.id).where(self._among(wanted))))
        if not taken and len(set(wanted)) == len(wanted):
            return {}
        refused: dict[int, None] = {}
        for place, number in enumerate(numbers):
            if number in taken:
                refused[place] = None
            taken.add(number or 0)
        return refused

    def _among(self, numbers: list[int]) -> ColumnElement[bool]:
        """Ask for ids as one value: a thousand parameters take as long as the rest of a batch."""
        if self.postgresql:
            return operation_runs.c.id == any_(literal(numbers, ARRAY(BigInteger)))
        return operation_runs.c.id.in_(select(column("value")).select_from(func.json_each(json.dumps(numbers))))

    def _insert(self, batch: Batch, *, numbered: bool) -> Iterator[tuple[Any, Unfit]]:
        if not batch.records:
            return
        columns = self._columns(batch, numbered=numbered)
        names, rows = tuple(columns), list(zip(*columns.values(), strict=True))
        if not self._copy(names, rows) and self._execute(names, rows) is not None:
            for record, row in zip(batch.records, rows, strict=True):
                if refused := self._execute(names, [row]):
                    yield record, Unfit(refused)
        if numbered and self.postgresql:
            self.connection.execute(_SEQUENCE)

    def _columns(self, batch: Batch, *, numbered: bool) -> dict[str, Sequence[Any]]:
        """Give the columns of the table, the way the driver takes their values as they are."""
        workspaces = list(map(self.names.workspace, batch.columns["workspace"]))
        tenants = list(map(self.names.tenant, batch.columns["tenant"], workspaces))
        columns: dict[str, Sequence[Any]] = {**batch.columns, "workspace": workspaces, "tenant": tenants}
        if not numbered:
            del columns["id"]
        return {_COLUMNS.get(name, name): found for name, found in columns.items()}

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
