"""Tables, columns and types: what is missing, and what is unusual but works."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Table, func, select, text

from opsnb.audit import Result
from opsnb.database import Database
from opsnb.doctor.catalog import Column, columns
from opsnb.doctor.findings import Finding, note, ok, problem
from opsnb.models import Outcome, Status, metadata, operation_runs
from opsnb.relations import UNNUMBERED

# What a column may be on PostgreSQL, by what it holds; SQLite lets any value into any column.
_NUMBERS = r"smallint|integer|bigint"
_KINDS = {
    "BIGINT": (_NUMBERS, "a whole number"),
    "TEXT": (r"text|character varying.*|character\(.*|citext|name", "text"),
    "JSONB": (r"jsonb?", "jsonb or json"),
    "TIMESTAMP WITH TIME ZONE": (r"timestamp.*", "a timestamp"),
    "BOOLEAN": (rf"boolean|{_NUMBERS}", "boolean"),
}
_CAPABILITIES = r"jsonb?|text|character varying.*|(text|character varying)\[\]"
_VALUES: dict[str, tuple[str, ...]] = {
    "operation_runs.status": tuple(Status),
    "operation_runs.outcome": tuple(Outcome),
    "audit_logs.status": tuple(Result),
}


def check(database: Database) -> Iterator[Finding]:
    """Hold every table against the contract's."""
    with database.look() as connection:
        for table in metadata.sorted_tables:
            yield from _check_table(database, connection, table)


def _check_table(database: Database, connection: Connection, table: Table) -> Iterable[Finding]:
    found = {column.name: column for column in columns(database, connection, table.name)}
    if not found:
        yield problem(
            f"There is no table {database.table(table.name)}.",
            "Name its schema with OPSNB_SCHEMA and the table itself with OPSNB_TABLES, or run opsnb init on an empty"
            " database.",
        )  # fmt: skip
        return
    missing = [name for name in table.columns.keys() if name not in found and name != "login"]  # noqa: SIM118
    for name in missing:
        yield problem(
            f"{table.name} has no column {name}.", "Make a view that has it, and name that with OPSNB_TABLES."
        )
    unusual = [] if database.is_sqlite else list(_check_types(table, found))
    yield from unusual
    if table.name == "platform_users" and "login" not in found:
        yield note("platform_users has no column login.", "Say who has which login with the setting logins.")
    if table.name == operation_runs.name and database.is_sqlite:
        yield from _check_numbers(database, connection)
    if not missing and not any(finding.severity == "problem" for finding in unusual):
        yield ok(f"{table.name} has every column that opsnb needs.")


def _check_numbers(database: Database, connection: Connection) -> Iterator[Finding]:
    """Say so where SQLite leaves the id of a new operation empty."""
    table = database.table(operation_runs.name)
    if connection.execute(text(UNNUMBERED), {"table": table}).first():
        yield problem(
            f"{table}.id is no INTEGER PRIMARY KEY, so that a new operation gets no number: Retry is refused, and"
            " opsnb load rejects rows without an id.",
            "Copy the rows into a table whose id is INTEGER PRIMARY KEY; SQLite cannot change the column.",
        )
    empty = connection.execute(select(func.count()).where(operation_runs.c.id.is_(None))).scalar_one()
    if empty:
        yield problem(f"{empty:,} rows of {table} have no id, and no page can show them.", "Give each a number.")


def _check_types(table: Table, found: dict[str, Column]) -> Iterator[Finding]:
    from sqlalchemy.dialects import postgresql

    for name, column in found.items():
        if name in table.columns:
            kind = table.columns[name].type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
            yield from _check_type(f"{table.name}.{name}", kind, column)


def _check_type(place: str, kind: str, column: Column) -> Iterator[Finding]:
    pattern, wanted = _KINDS[kind]
    if column.values:
        yield from _check_enum(place, column)
    elif column.name == "capabilities":
        if not re.fullmatch(_CAPABILITIES, column.type):
            yield problem(f"{place} is of the type {column.type}, not jsonb, json or text[].", _VIEW)
    elif not re.fullmatch(pattern, column.type):
        yield problem(f"{place} is of the type {column.type}, not {wanted}.", _VIEW)
    elif column.type == "json":
        yield note(f"{place} is of the type json, which is read more slowly than jsonb.")
    elif "timestamp" in column.type and "without" in column.type:
        yield note(f"{place} is a {column.type}: it is read and written as UTC.")


def _check_enum(place: str, column: Column) -> Iterator[Finding]:
    needed = _VALUES.get(place, ())
    missing = [value for value in needed if value not in column.values]
    if missing:
        yield problem(f"{place} is of the enum type {column.type}, which does not know {', '.join(missing)}.", _VIEW)
    elif needed:
        yield note(f"{place} is of the enum type {column.type}.")
    else:
        yield note(f"{place} is of the enum type {column.type}: a filter on a value that it does not know is refused.")


_VIEW = "Make a view that has it in such a type, and name that with OPSNB_TABLES."
