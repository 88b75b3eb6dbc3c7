"""What the database's own catalog says about a table: its columns, and the table that a simple view shows."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from sqlalchemy import Connection, text

from opsnb.database import Database
from opsnb.names import quoted
from opsnb.relations import BASES


class Column(NamedTuple):
    """A column: its type as the database writes it, an enum's values, and whether a row must be given a value."""

    name: str
    type: str
    values: tuple[str, ...] = ()
    required: bool = False


class Relation(NamedTuple):
    """The table that holds the rows: `name` as SQL takes it, `columns` by the contract's names.

    `columns` gives for each column of the contract's table or view what it is in that table.
    """

    name: str
    kind: str
    columns: dict[str, str]


_COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod),
           ARRAY(SELECT CAST(enumlabel AS text) FROM pg_enum WHERE enumtypid = atttypid ORDER BY enumsortorder),
           attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = ''
    FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_KIND = "SELECT relkind FROM pg_class WHERE oid = to_regclass(:table)"
_PLACE = """SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass(:table)"""


def columns(database: Database, connection: Connection, table: str) -> list[Column]:
    """Give the columns of a table or view, in their order; none where there is no such table."""
    name = quoted(database.table(table))
    if database.is_sqlite:
        return _sqlite_columns(connection, database.table(table))
    return [
        Column(row[0], row[1], tuple(row[2]), row[3]) for row in connection.execute(text(_COLUMNS), {"table": name})
    ]


def _sqlite_columns(connection: Connection, name: str) -> list[Column]:
    found = connection.execute(text("SELECT * FROM pragma_table_info(:table)"), {"table": name}).mappings().all()
    keys = [row for row in found if row["pk"]]
    return [
        Column(row["name"], str(row["type"]), required=_needs_value(row["notnull"], row["dflt_value"], row in keys))
        for row in found
    ]


def _needs_value(not_null: int, default: object, key: bool) -> bool:
    return bool(not_null) and default is None and not key


def relation(database: Database, connection: Connection, table: str) -> Relation | None:
    """Find the table behind the contract's name; None where that is a view over something less simple."""
    name = quoted(database.table(table))
    names = [column.name for column in columns(database, connection, table)]
    if database.is_sqlite:
        kind = connection.execute(
            text("SELECT type FROM sqlite_master WHERE name = :name"), {"name": database.table(table)}
        ).scalar()
        return Relation(_plain(database.table(table)), "r", {n: _plain(n) for n in names}) if kind == "table" else None
    kind = connection.execute(text(_KIND), {"table": name}).scalar()
    if kind != "v":
        place = connection.execute(text(_PLACE), {"table": name}).scalar()
        return Relation(str(place), str(kind), {n: _plain(n) for n in names})
    return _behind(connection, name, names)


def _plain(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else quoted(name)


def _behind(connection: Connection, name: str, names: list[str]) -> Relation | None:
    """Ask the planner what a view comes to: a scan of one table or its partitions, and what each column is there."""
    connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    wanted = ", ".join(map(quoted, names))
    told = connection.execute(text(f"EXPLAIN (VERBOSE, FORMAT JSON) SELECT {wanted} FROM {name}")).scalar()
    plan = (told if isinstance(told, list) else json.loads(str(told)))[0]["Plan"]
    scans = plan["Plans"] if plan["Node Type"] == "Append" else [plan]
    if any(scan["Node Type"] != "Seq Scan" or len(scan["Output"]) != len(names) for scan in scans):
        return None
    tables = {f"{_plain(scan['Schema'])}.{_plain(scan['Relation Name'])}" for scan in scans}
    roots = {_root(connection, table) for table in tables}
    if len(roots) != 1:
        return None
    (place, kind), first = roots.pop(), scans[0]
    alias = re.compile(rf'(?<!\w)"?{re.escape(first["Alias"])}"?\.')
    return Relation(place, kind, dict(zip(names, (alias.sub("", output) for output in first["Output"]), strict=True)))


def _root(connection: Connection, table: str) -> tuple[str, str]:
    """Give name and kind of the partitioned table that a partition belongs to, or of the table itself."""
    root = "coalesce(pg_partition_root(to_regclass(:table)), to_regclass(:table))"
    place, kind = (statement.replace("to_regclass(:table)", root) for statement in (_PLACE, _KIND))
    found = [connection.execute(text(statement), {"table": table}).scalar() for statement in (place, kind)]
    return str(found[0]), str(found[1])


def required_behind(connection: Connection, table: str) -> list[str]:
    """Name the columns of the tables behind a view, or of a table itself, that must have a value and get none.

    `table` is the database's own name, in double quotes.
    """
    found = connection.execute(
        text(
            BASES
            + """SELECT quote_ident(attname) FROM base JOIN pg_attribute ON attrelid = base.oid
            JOIN pg_class ON pg_class.oid = base.oid
            WHERE relkind IN ('r', 'p', 'f') AND attnum > 0 AND NOT attisdropped
            AND attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = ''"""
        ),
        {"table": table},
    )
    return [str(row[0]) for row in found]
