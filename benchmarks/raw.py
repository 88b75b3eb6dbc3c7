"""The floor: SQL by hand, for the schema of `opsnb init`, through the bare driver."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from benchmarks.bench import Bench
from opsnb.models import operation_runs
from opsnb.ops import Ops
from opsnb.replica import Source

Rows = list[tuple[Any, ...]]
COLUMNS = ("r.id, r.workspace_id, r.tenant_id, r.initiator_name, r.type, r.status, r.outcome, r.created_at,"
           " r.started_at, r.completed_at")  # fmt: skip
RETRY_OF = {
    "sqlite": "CASE WHEN json_valid({0}context) THEN CAST({0}context ->> '$.triage.retry_of_run_id' AS TEXT) END",
    "postgresql": "({0}context #>> '{{triage,retry_of_run_id}}')",
}
INVESTIGATED = {
    "sqlite": "CASE WHEN json_type(r.context, '$.triage.investigated') = 'object'"
    " THEN coalesce(r.context ->> '$.triage.investigated.by', '') END",
    "postgresql": "CASE WHEN jsonb_typeof(r.context #> '{triage,investigated}') = 'object'"
    " THEN coalesce(r.context #>> '{triage,investigated,by}', '') END",
}
ERROR = {
    "sqlite": "substr(r.context ->> '$.error.message', 1, 300)",
    "postgresql": "left(r.context #>> '{error,message}', 300)",
}
FAILED = "r.status = 'completed' AND r.outcome = 'failed'"


def page(kind: str, where: str = "true", more: str = "", limit: int = 51) -> str:
    """Write a page of a list: limit first and join after, with the marks of triage that its rows show."""
    retry_of = RETRY_OF[kind]
    retried = (
        f"(SELECT n.id || ' ' || n.status || ' ' || n.outcome FROM operation_runs n WHERE {retry_of.format('n.')}"
        f" = '' || CAST(p.id AS TEXT) ORDER BY {retry_of.format('n.')} DESC, n.id DESC LIMIT 1)"
    )
    return (
        f"SELECT p.*, {retried}, (SELECT name FROM workspaces w WHERE w.id = p.workspace_id),"
        f" (SELECT name FROM tenants t WHERE t.id = p.tenant_id) FROM (SELECT {COLUMNS}, {INVESTIGATED[kind]} AS seen,"
        f" {retry_of.format('r.')} AS retry_of{more} FROM operation_runs r WHERE {where}"
        f" ORDER BY r.created_at DESC, r.id DESC LIMIT {limit}) p ORDER BY p.created_at DESC, p.id DESC"
    )


def held(bench: Bench, kind: str, statement: str, values: Sequence[Any] = ()) -> Callable[[], Rows]:
    """Run it on one bare connection that stays open."""
    if kind == "sqlite":
        connection: Any = sqlite3.connect(bench.url(kind), isolation_level=None)
    else:
        options = "-c jit=off -c timezone=UTC -c random_page_cost=1.1"  # as opsnb has them
        connection = psycopg.connect(bench.dsn(), autocommit=True, options=options)
    cursor = connection.cursor()
    return lambda: cursor.execute(statement, values).fetchall()


def pooled(ops: Ops, statement: str, values: Sequence[Any] = ()) -> Callable[[], Rows]:
    """Run it with the same handling of connections as opsnb: out of its pool, in a transaction of its own."""
    pool = ops.database.reader
    options = {} if ops.database.is_sqlite else {"prepare": True}

    def run() -> Rows:
        connection = pool.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(statement, values, **options)
            return cursor.fetchall()
        finally:
            connection.close()

    return run


def stuck(ops: Ops) -> str:
    """Write what counts as stuck with the limits and norms of today as literals: the rule has no shorter form."""
    source = Source(ops.database, ops.now())
    rule = ops._rule(source)
    values = rule.parameters(source.as_of)
    predicate = rule.predicate(operation_runs.alias("r"), "sqlite").params(**values)  # type: ignore[arg-type]
    said = str(predicate.compile(ops.database.reader, compile_kwargs={"literal_binds": True}))
    return said if ops.database.is_sqlite else re.sub(r"('\d{4}-\d\d-\d\d [^']*')", r"timestamptz \1", said)


def count(where: str, most: int = 10_001) -> str:
    """Write a count that stops."""
    return f"SELECT count(*) FROM (SELECT 1 FROM operation_runs r WHERE {where} LIMIT {most}) AS few"
