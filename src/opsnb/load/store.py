"""Runs into the database, a batch at a time, within the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, any_, column, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DataError, IntegrityError

from opsnb.bounds import LAST_ID
from opsnb.database import savepoint
from opsnb.load.batch import Batch
from opsnb.load.names import Names
from opsnb.load.rejects import Unfit
from opsnb.models import operation_runs, time_writer
from opsnb.names import quoted
from opsnb.relations import NUMBER_KEY, UNNUMBERED
from opsnb.sqlitetimes import Style

Values = tuple[Any, ...]
_COLUMNS = {"workspace": "workspace_id", "tenant": "tenant_id"}
TAKEN = "is taken by an earlier row or by a run in the database"
UNNAMED = "is missing, and the database gives none: its column id is no INTEGER PRIMARY KEY"
_SEQUENCE = text(
    "SELECT setval(seq, GREATEST(nextval(seq),"
    f" (SELECT LEAST(coalesce(max(id), 0), {LAST_ID - 1}) FROM operation_runs) + 1), false)"
    " FROM pg_get_serial_sequence(:table, 'id') AS seq WHERE seq IS NOT NULL"
)


class Store:
    """Writes batches of runs."""

    def __init__(self, connection: Connection, table: str = operation_runs.name) -> None:
        self.connection = connection
        self.table = quoted(table)
        self.names = Names(connection)
        self.driver: Any = connection.dialect.loaded_dbapi
        self.postgresql = connection.dialect.name == "postgresql"
        self.copies = self.postgresql
        # A primary key refuses a taken number by itself; to ask first takes a tenth of a load.
        self.trusting = _is_keyed(connection, self.table if self.postgresql else table)
        self.numbers = self.postgresql or not connection.execute(text(UNNUMBERED), {"table": table}).first()
        self.mark = "%s" if self.postgresql else "?"
        self.time: Style = datetime.isoformat if self.postgresql else time_writer(connection.dialect)

    def write(self, batch: Batch) -> Iterator[tuple[Any, Unfit]]:
        """Write a batch; give each record that was refused, and why."""
        if self.trusting and None not in batch.columns["id"]:
            self.trusting = self._write_all(batch)
            if self.trusting:
                return
        yield from self._write_free(batch)

    def _write_free(self, batch: Batch) -> Iterator[tuple[Any, Unfit]]:
        """Write those of a batch whose numbers are free."""
        numbers = batch.columns["id"]
        refused = self._taken(numbers)
        for place in refused:
            yield batch.records[place], Unfit(TAKEN, "id", str(numbers[place]))
        # Numbered runs first, so that the database numbers the others past them.
        numbered = [place for place, number in enumerate(numbers) if number is not None and place not in refused]
        yield from self._insert(batch.only(numbered), numbered=True)
        unnumbered = [at for at, number in enumerate(numbers) if number is None]
        if self.numbers:
            yield from self._insert(batch.only(unnumbered), numbered=False)
        else:
            yield from ((batch.records[at], Unfit(UNNAMED, "id")) for at in unnumbered)

    def _write_all(self, batch: Batch) -> bool:
        """Write a batch of numbered runs; False, and nothing written, where any of them is refused."""
        if not batch.records:
            return True
        attempt = self.connection.begin_nested()
        names, rows = self._rows(batch, numbered=True)
        if self._copy(names, rows) if self.copies else self._execute(names, rows) is None:
            attempt.commit()
            self._go_on_counting()
            return True
        attempt.rollback()
        self.names = Names(self.connection)  # those that were made for it are gone
        return False

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
        names, rows = self._rows(batch, numbered=numbered)
        if not self._copy(names, rows) and self._execute(names, rows) is not None:
            for record, row in zip(batch.records, rows, strict=True):
                if refused := self._execute(names, [row]):
                    yield record, Unfit(refused)
        if numbered:
            self._go_on_counting()

    def _go_on_counting(self) -> None:
        """Let the database number the next runs past those that brought their numbers; SQLite does so by itself."""
        if self.postgresql:
            self.connection.execute(_SEQUENCE, {"table": self.table})

    def _rows(self, batch: Batch, *, numbered: bool) -> tuple[tuple[str, ...], list[Values]]:
        """Give the columns of the table and their rows, the way the driver takes their values as they are."""
        workspaces = list(map(self.names.workspace, batch.columns["workspace"]))
        tenants = list(map(self.names.tenant, batch.columns["tenant"], workspaces))
        columns: dict[str, Sequence[Any]] = {**batch.columns, "workspace": workspaces, "tenant": tenants}
        if not numbered:
            del columns["id"]
        return tuple(_COLUMNS.get(name, name) for name in columns), list(zip(*columns.values(), strict=True))

    def _copy(self, columns: Sequence[str], rows: list[Values]) -> bool:
        """Write rows by COPY; False where that cannot be done here, or not with all of these."""
        if not self.copies:
            return False
        cursor: Any = self.connection.connection.cursor()
        text = f"COPY {self.table} ({', '.join(columns)}) FROM STDIN"
        try:
            with savepoint(self.connection), cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row)
        except (self.driver.IntegrityError, self.driver.DataError):
            return False  # which row is at fault is found one by one
        except self.driver.Error:
            self.copies = False  # a view takes none, nor a table under row security
        return self.copies

    def _execute(self, columns: Sequence[str], rows: list[Values]) -> str | None:
        # One statement for all: the next rows are read while SQLite works on it, as not between many short ones.
        row = f"({', '.join([self.mark] * len(columns))})"
        statement = f"INSERT INTO {operation_runs.name} ({', '.join(columns)}) VALUES {', '.join([row] * len(rows))}"
        try:
            with savepoint(self.connection):
                self.connection.exec_driver_sql(statement, tuple(chain.from_iterable(rows)))
        except (IntegrityError, DataError) as error:
            return f"the database refuses it: {next(iter(str(error.orig).splitlines()), '')}"
        return None


def _is_keyed(connection: Connection, table: str) -> bool:
    return connection.execute(text(NUMBER_KEY[connection.dialect.name]), {"table": table}).first() is not None
