"""The floor: SQL by hand, for the schema of `opsnb init`, through the bare driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg

from benchmarks.bench import Bench
from opsnb.ops import Ops
from opsnb.replica import Source
from opsnb.stuck import Classifier, Limits

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
    """Write a page of a list: limit first and look up after, with the marks of triage that its rows show."""
    retry_of = RETRY_OF[kind]
    columns = f"{COLUMNS}, {INVESTIGATED[kind]} AS seen, {retry_of.format('r.')} AS retry_of{more}"
    tail = f"FROM operation_runs r WHERE {where} ORDER BY r.created_at DESC, r.id DESC LIMIT {limit}"
    if kind == "sqlite":  # which looks nothing up beyond the limit
        return f"SELECT {columns}, {_looked_up(kind, 'r')} {tail}"
    return f"SELECT p.*, {_looked_up(kind, 'p')} FROM (SELECT {columns} {tail}) p ORDER BY p.created_at DESC, p.id DESC"


def _looked_up(kind: str, row: str) -> str:
    parent = RETRY_OF[kind].format("n.")
    return (
        f"(SELECT n.id || ' ' || n.status || ' ' || n.outcome FROM operation_runs n WHERE {parent}"
        f" = '' || CAST({row}.id AS TEXT) ORDER BY {parent} DESC, n.id DESC LIMIT 1),"
        f" (SELECT name FROM workspaces w WHERE w.id = {row}.workspace_id),"
        f" (SELECT name FROM tenants t WHERE t.id = {row}.tenant_id)"
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

    def run() -> Rows:
        connection = pool.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return cursor.fetchall()
        finally:
            connection.close()

    return run


def stuck(ops: Ops) -> str:
    """Write what counts as stuck, with the cutoffs of today as literals."""
    limits, now = _rule(ops).bounds, ops.now()
    every = [limit for bound in limits.values() for limit in (*bound.by_type.values(), bound.default)]
    written = (lambda limit: f"'{now - limit:%Y-%m-%d %H:%M:%S}'") if ops.database.is_sqlite else (
        lambda limit: f"timestamptz '{now - limit}'"
    )  # fmt: skip
    queued, running = (_by_type(bound, written) for bound in limits.values())
    later = f"{'max' if ops.database.is_sqlite else 'greatest'}(r.created_at, coalesce(r.started_at, r.created_at))"
    return (
        f"r.status IN ('queued', 'running') AND r.created_at < {written(min(every))}"
        f" AND CASE WHEN {later} < {written(max(every))} OR r.status = 'queued' AND r.created_at < {queued}"
        f" OR r.status = 'running' AND {later} < {running} THEN true ELSE false END"
    )


def reason(ops: Ops) -> str:
    """Write the limit that each row of the stuck list is told with, in seconds."""
    queued, running = (
        _by_type(bound, lambda limit: f"{limit.total_seconds():.0f}") for bound in _rule(ops).bounds.values()
    )
    return f", CASE r.status WHEN 'queued' THEN {queued} ELSE {running} END AS bound"


def _rule(ops: Ops) -> Classifier:
    return ops._rule(Source(ops.database, ops.now()))


def _by_type(limits: Limits, written: Callable[[timedelta], str]) -> str:
    whens = "".join(f" WHEN '{type_}' THEN {written(limit)}" for type_, limit in limits.by_type.items())
    return f"CASE r.type{whens} ELSE {written(limits.default)} END"


def count(where: str, most: int = 10_001) -> str:
    """Write a count that stops."""
    return f"SELECT count(*) FROM (SELECT 1 FROM operation_runs r WHERE {where} LIMIT {most}) AS few"
