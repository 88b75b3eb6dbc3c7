"""The statements of triage; context is changed by the database's own JSON functions, in `triage` alone."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    LargeBinary,
    Select,
    Text,
    TextClause,
    Update,
    bindparam,
    cast,
    insert,
    literal_column,
    select,
    text,
    update,
)

from opsnb.models import Status, Timestamp, operation_runs
from opsnb.queries.errors_in_context import UNREADABLE
from opsnb.queries.marks import in_index
from opsnb.schema import RETRY_OF

runs = operation_runs.c
_LIVE: list[ColumnElement[str]] = [literal_column(f"'{status}'") for status in (Status.QUEUED, Status.RUNNING)]


ONE = ("id", "workspace_id", "tenant_id", "type", "status", "outcome", "completed_at")


@cache
def one(dialect: str, *, lock: bool) -> Select[Any]:
    """Read `ONE` and the context of a run; with `lock`, keep others from changing it until the transaction ends.

    A context that the database's own JSON functions could not change is null.
    """
    usable = {
        "sqlite": "CASE WHEN json_valid(context) THEN CAST(context AS BLOB) END",
        "postgresql": f"CASE WHEN {UNREADABLE} THEN NULL ELSE CAST(context AS text) END",
    }
    context: ColumnElement[Any] = literal_column(usable[dialect], LargeBinary if dialect == "sqlite" else Text)
    words = [_words(column, dialect) for column in (runs.type, runs.status, runs.outcome)]
    columns = (runs.id, runs.workspace_id, runs.tenant_id, *words, runs.completed_at, context.label("context"))
    statement = select(*columns).where(runs.id == bindparam("id"))
    # SQLite took the write lock of the whole file at BEGIN IMMEDIATE.
    return statement.with_for_update() if lock and dialect != "sqlite" else statement


@cache
def live_retry(dialect: str) -> Select[Any]:
    """Find a queued or running retry of a run; :parent is its number as text."""
    parent = literal_column(f"({RETRY_OF[dialect]})", Text)
    given = bindparam("parent", type_=Text)
    # Without an index on retries only what came after the run is read: a retry has the higher number.
    later = runs.id > cast(given, runs.id.type)
    wanted = (parent.is_not(None), parent == given, runs.status.in_(_LIVE), later)
    columns = (runs.id, _words(runs.initiator_name, dialect), runs.created_at, runs.status)
    return select(*columns).where(*wanted).order_by(*in_index(parent, runs.id, dialect)).limit(1)


@cache
def finished_retry(dialect: str) -> Select[Any]:
    """Find the newest completed retry of a run; it walks the index on retries, and is slow without one."""
    parent = literal_column(f"({RETRY_OF[dialect]})", Text)
    wanted = (parent.is_not(None), parent == bindparam("parent", type_=Text), runs.status.not_in(_LIVE))
    columns = (runs.id, _words(runs.initiator_name, dialect), runs.created_at, runs.outcome.label("status"))
    order = in_index(parent.desc(), runs.id.desc(), dialect)
    return select(*columns).where(*wanted).order_by(*order).limit(1)


@cache
def queue_retry(dialect: str, outputs: tuple[str, ...]) -> Insert:
    """Queue a copy of a run that is still completed and failed; no row comes back where it is not.

    `outputs` are keys of the context that are not copied; :triage is the copy's own.
    """
    failed = (runs.status == literal_column("'completed'"), runs.outcome == literal_column("'failed'"))
    source = select(
        runs.workspace_id,
        runs.tenant_id,
        bindparam("by", type_=Text),
        runs.type,
        literal_column("'queued'"),
        literal_column("'pending'"),
        _inputs(dialect, outputs),
        bindparam("now", type_=Timestamp()),
    ).where(runs.id == bindparam("id"), *failed)
    columns = ["workspace_id", "tenant_id", "initiator_name", "type", "status", "outcome", "context", "created_at"]
    return insert(operation_runs).from_select(columns, source).returning(runs.id)


@cache
def finish_canceled(dialect: str) -> Update:
    """Complete a run as failed if it is still queued or running; :mark goes to context.triage.cancel."""
    done = {"status": "completed", "outcome": "failed", "completed_at": bindparam("now", type_=Timestamp())}
    live = update(operation_runs).where(runs.id == bindparam("run_id"), runs.status.in_(_LIVE))
    return live.values(**done, context=_marked(dialect, "cancel"))


@cache
def mark_investigated(dialect: str) -> Update:
    """Write :mark to context.triage.investigated."""
    return update(operation_runs).where(runs.id == bindparam("run_id")).values(context=_marked(dialect, "investigated"))


def _words(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """Read text out of SQLite as bytes: it may hold some that are no UTF-8, which the driver would not give out."""
    return cast(column, LargeBinary).label(column.name) if dialect == "sqlite" else column


def _inputs(dialect: str, outputs: tuple[str, ...]) -> TextClause:
    """Write the context of a retry: what the source was given, without what its worker made of it."""
    if dialect == "sqlite":
        paths = ", ".join(f"'$.{key}'" for key in ("triage", *outputs))
        return text(f"json_set(json_remove(context, {paths}), '$.triage', json(:triage))")
    keys = ", ".join(f"'{key}'" for key in ("triage", *outputs))
    return _either(
        f"(CAST(context AS jsonb) - ARRAY[{keys}]) || jsonb_build_object('triage', CAST(:triage AS jsonb))",
        f"(SELECT json_object_agg(key, value ORDER BY n) FROM (SELECT * FROM {_PAIRS} WHERE key NOT IN ({keys})"
        " UNION ALL SELECT 'triage', CAST(:triage AS json), NULL) AS pair)",
    )


def _marked(dialect: str, key: str) -> TextClause:
    if dialect == "sqlite":
        return text(f"json_set(context, '$.triage.{key}', json(:mark))")
    mark = f"jsonb_build_object('{key}', CAST(:mark AS jsonb))"
    old, triage = "CAST(context AS jsonb)", "CAST(CAST(context AS json) -> 'triage' AS jsonb)"
    return _either(
        f"jsonb_set({old}, '{{triage}}', coalesce({old} -> 'triage', '{{}}') || {mark})",
        "(SELECT json_object_agg(key, CASE key WHEN 'triage'"
        f" THEN CAST(coalesce({triage}, '{{}}') || {mark} AS json) ELSE value END ORDER BY n)"
        f" FROM (SELECT * FROM {_PAIRS} UNION ALL SELECT 'triage', NULL, NULL"
        " WHERE CAST(context AS json) -> 'triage' IS NULL) AS pair)",
    )


# A key's place counts in json, and so does a key that is there twice; jsonb has neither.
_PAIRS = "json_each(CAST(context AS json)) WITH ORDINALITY AS pairs(key, value, n)"


def _either(jsonb: str, json: str) -> TextClause:
    """Compute a context in the type that its column has; PostgreSQL evaluates only the one."""
    return text(f"CASE WHEN pg_typeof(context) = CAST('json' AS regtype) THEN {json} ELSE CAST({jsonb} AS json) END")
