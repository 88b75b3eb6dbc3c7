"""Which of the indexes that opsnb wants there are, under whatever name, and the statements that make the others."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, create_engine, text

from opsnb.database import Database
from opsnb.doctor import partitions
from opsnb.doctor.catalog import Relation, relation
from opsnb.doctor.findings import Finding, note, ok, warning
from opsnb.names import quoted, rename
from opsnb.relations import BASES
from opsnb.schema import RECENT, RETRY_OF

_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT 1"
_FAILED = "status = 'completed' AND outcome = 'failed'"
_LIVE = "status IN ('queued', 'running')"
_SELDOM = "outcome IN ('pending', 'partially_succeeded', 'blocked')"
# A rule of row security that is asked once and holds for all rows alike, as PostgreSQL 16 and 17 tell it.
_ANSWER = re.compile(r"\$\d+|\(InitPlan \d+\)\.col1")


class Wanted(NamedTuple):
    """An index: what it is for, and a statement that walks it where it is there.

    `keys` and `where` are in the contract's names; {retry_of} stands for the expression of the retried run, {in_index}
    for the order of its retries that `queries.marks.in_index` explains. `ways` are other statements of which one need
    walk it on PostgreSQL: where all rows have one value, its planner takes another index for `probe`.
    """

    name: str
    purpose: str
    table: str
    keys: str
    where: str
    probe: str
    unique: bool = False
    ways: tuple[str, ...] = ()


def _filtered(name: str, column: str) -> Wanted:
    probe = f"WHERE {column} = (SELECT {column} FROM operation_runs LIMIT 1) {_NEWEST}"
    ways = tuple(f"ORDER BY {column}{order}, {RECENT} LIMIT 1" for order in ("", " DESC"))
    purpose = f"The filter by {name}"
    return Wanted(f"ix_runs_{name}", purpose, "operation_runs", f"{column}, {RECENT}", "", probe, ways=ways)


WANTED = (
    Wanted("ix_runs_recent", "The list of all operations", "operation_runs", RECENT, "", _NEWEST),
    Wanted("ix_runs_failed", "The failed operations", "operation_runs", RECENT, _FAILED, f"WHERE {_FAILED} {_NEWEST}"),
    Wanted(
        "ix_runs_live", "The stuck operations", "operation_runs", f"{RECENT}, status, type, started_at", _LIVE,
        f"WHERE {_LIVE} {_NEWEST}",
    ),
    Wanted(
        "ix_runs_outcome", "The filter by outcome", "operation_runs", f"outcome, {RECENT}", _SELDOM,
        f"WHERE outcome = 'blocked' AND {_SELDOM} {_NEWEST}",
    ),
    _filtered("type", "type"),
    _filtered("tenant", "tenant_id"),
    _filtered("workspace", "workspace_id"),
    _filtered("initiator", "initiator_name"),
    Wanted(
        "ix_runs_retry_of", "What retried an operation", "operation_runs", "({retry_of}), id",
        "{retry_of} IS NOT NULL",
        "WHERE ({retry_of}) = '1' AND ({retry_of}) IS NOT NULL ORDER BY {in_index} LIMIT 1",
    ),
    Wanted(
        "ux_runs_live_retry", "One live retry of an operation at most", "operation_runs", "({retry_of})",
        f"{{retry_of}} IS NOT NULL AND {_LIVE}", "", unique=True,
    ),
    Wanted(
        "ix_audit_resource", "The audit of an operation", "audit_logs", "resource_type, resource_id, id", "",
        "WHERE resource_type = 'operation_run' AND resource_id = 1 ORDER BY id LIMIT 1",
    ),
)  # fmt: skip


def check(database: Database) -> Iterator[Finding]:
    """Say for each index whether it is there."""
    with database.look() as connection:
        for wanted in WANTED:
            behind = relation(database, connection, wanted.table)
            if behind and behind.kind == "p":
                yield _of_partitions(database, connection, wanted, behind)
            elif exists(database, connection, wanted):
                yield ok(f"{wanted.purpose}: an index serves it.")
            elif behind is None:
                yield note(
                    f"{wanted.purpose}: no index serves it, and {wanted.table} is a view over more than one table.",
                    f"Ask the database's owner for one like {statement(database, wanted, None)}",
                )
            else:
                yield warning(f"{wanted.purpose}: no index serves it.", statement(database, wanted, behind))


def statement(database: Database, wanted: Wanted, behind: Relation | None) -> str:
    """Write the statement that makes an index, in the names of the table that holds the rows."""
    unique = "UNIQUE " if wanted.unique else ""
    # PostgreSQL refuses CONCURRENTLY on a partitioned table.
    aside = "" if database.is_sqlite or (behind and behind.kind == "p") else "CONCURRENTLY "
    table = behind.name if behind else wanted.table
    return f"CREATE {unique}INDEX {aside}{wanted.name} ON {table} {definition(database, wanted, behind)};"


def definition(database: Database, wanted: Wanted, behind: Relation | None) -> str:
    """Write keys and condition of an index."""
    columns = behind.columns if behind else {}
    keys, where = (_translate(_filled(database, words), columns) for words in (wanted.keys, wanted.where))
    return f"({keys})" + (f" WHERE {where}" if where else "")


def _of_partitions(database: Database, connection: Connection, wanted: Wanted, behind: Relation) -> Finding:
    """Say whether a partitioned table has an index, which each partition must have, also those that are to come."""
    if wanted.unique:
        return note(
            f"{wanted.purpose}: opsnb sees to it under a lock; no index on a partitioned table can keep others to it."
        )
    begun = partitions.invalid_index(connection, behind.name, wanted.name)
    if begun:
        making = definition(database, wanted, behind)
        return warning(
            f"{wanted.purpose}: its index {begun} is not valid yet, for not every partition has its part.",
            "\n".join(partitions.finishing(connection, behind.name, begun, making)),
        )
    walked = _walked(database, connection, wanted)
    if walked is not None and partitions.has_whole_index(connection, behind.name, walked or {wanted.name}):
        return ok(f"{wanted.purpose}: an index serves it.")
    return warning(
        f"{wanted.purpose}: no index serves it.",
        f"{statement(database, wanted, behind)} -- Writers wait while it runs. If they cannot: make it ON ONLY"
        f" {behind.name}, and opsnb doctor prints what makes the rest of it.",
    )


def _filled(database: Database, words: str) -> str:
    words = words.replace("{in_index}", "id" if database.is_sqlite else "({retry_of}), id")
    return words.replace("{retry_of}", RETRY_OF[database.dialect])


def _translate(words: str, columns: dict[str, str]) -> str:
    """Put the table's own columns in the place of the contract's; what stands in quotes is no column."""
    parts = re.split(r"('[^']*')", words)
    names = re.compile(rf"\b({'|'.join(columns)})\b") if columns else None
    return "".join(
        part if part.startswith("'") or names is None else names.sub(lambda match: columns[match[1]], part)
        for part in parts
    )


def exists(database: Database, connection: Connection, wanted: Wanted) -> bool:
    """Whether some index serves what `wanted` is for: asked of the planner, who knows any name and any view."""
    if not wanted.probe:
        return _has_unique(database, connection)
    if database.is_sqlite:
        with _without_rows(database, connection) as copy:
            return _sqlite_walks(copy, f"SELECT rowid AS key FROM {wanted.table} {_filled(database, wanted.probe)}")
    return _walked(database, connection, wanted) is not None


def _walked(database: Database, connection: Connection, wanted: Wanted) -> set[str] | None:
    """Name the indexes that PostgreSQL walks for what `wanted` is for; None where it must sort or read more."""
    for name in ("enable_seqscan", "enable_sort", "enable_bitmapscan", "enable_incremental_sort"):
        connection.execute(text(f"SET LOCAL {name} = off"))
    for probe in (wanted.probe, *wanted.ways):
        asked = f"EXPLAIN (FORMAT JSON) SELECT 1 AS key FROM {wanted.table} {_filled(database, probe)}"
        told = connection.exec_driver_sql(asked).scalar()
        plan = (told if isinstance(told, list) else json.loads(str(told)))[0]["Plan"]
        nodes = list(_nodes(plan))
        if all(map(_walks, nodes)):
            return {node["Index Name"] for node in nodes if "Index Name" in node}
    return None


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        if below.get("Parent Relationship") != "InitPlan":
            yield from _nodes(below)


def _walks(node: dict[str, Any]) -> bool:
    """Whether a step neither sorts nor reads rows only to drop them."""
    kind = node["Node Type"]
    drops = "Filter" in node and not _ANSWER.fullmatch(node["Filter"])
    return not drops and not kind.endswith("Sort") and (not kind.endswith("Scan") or "Index" in kind)


@contextmanager
def _without_rows(database: Database, connection: Connection) -> Iterator[Connection]:
    """Copy the schema of an SQLite file into memory: there a plan depends on the indexes alone.

    In the file itself the planner sorts the few rows of a table that ANALYZE found small, although an index has them in
    order, and which tables it takes for small differs between versions of SQLite.
    """
    statements = connection.execute(text(_SCHEMA)).scalars().all()
    engine = create_engine("sqlite://")
    rename(engine, database.settings.tables or {})
    try:
        with engine.connect() as copy:
            _make_schema(copy, statements)
            yield copy
    finally:
        engine.dispose()


def _make_schema(copy: Connection, statements: Iterable[str]) -> None:
    driver: Any = copy.connection.driver_connection  # below `rename`: these statements have the file's own names
    driver.execute("PRAGMA automatic_index = OFF")  # as in the file, see `opsnb.engines`
    for statement in statements:
        with suppress(sqlite3.Error):  # tables of SQLite itself, and what needs an extension
            driver.execute(statement)


def _sqlite_walks(connection: Connection, probe: str) -> bool:
    steps = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {probe}")]
    used = re.search(r"USING (?:COVERING )?INDEX (\S+)(.*)", steps[0])
    if used is None or any("TEMP B-TREE" in step for step in steps):
        return False
    sql = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": used[1]}).scalar()
    return " WHERE " not in probe or " WHERE " in str(sql) or "=?" in used[2]


_SCHEMA = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index', 'view') AND sql IS NOT NULL ORDER BY rowid"
_UNIQUE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE sql LIKE 'CREATE UNIQUE INDEX%retry_of_run_id%' LIMIT 1",
    "postgresql": BASES
    + """SELECT 1 FROM base JOIN pg_index ON indrelid = base.oid
        WHERE indisvalid AND indisunique AND pg_get_indexdef(indexrelid) LIKE '%retry_of_run_id%' LIMIT 1""",
}


def _has_unique(database: Database, connection: Connection) -> bool:
    given = {} if database.is_sqlite else {"table": quoted(database.table("operation_runs"))}
    return bool(connection.execute(text(_UNIQUE[database.dialect]), given).first())
