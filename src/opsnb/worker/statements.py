"""The statements of the worker; each changes a run only where it still is what the worker takes it for."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Text, TextClause, bindparam, text

from opsnb.models import Timestamp
from opsnb.schema import RETRY_OF

_OBJECT = {
    "sqlite": "CASE WHEN json_valid(context) THEN json_type(context) = 'object' END",
    "postgresql": "jsonb_typeof(CAST(context AS jsonb)) = 'object'",
}
_WORKER = {
    "sqlite": "CASE WHEN json_valid(context) THEN context -> '$.worker' END = json(:worker)",
    "postgresql": "CAST(context AS jsonb) -> 'worker' = CAST(:worker AS jsonb)",
}


@cache
def claimable(dialect: str) -> TextClause:
    """Find the oldest run to claim: of :types, queued at or after :since, or after :retried_since if it is a retry.

    What others are claiming or canceling just now is passed over.
    """
    # SQLite took the write lock of the whole file at BEGIN IMMEDIATE.
    lock = "" if dialect == "sqlite" else "FOR UPDATE SKIP LOCKED"
    return text(
        f"""
        SELECT id, type, CAST(context AS text) AS context FROM operation_runs
        WHERE status = 'queued' AND type IN :types AND created_at >= :retried_since
          AND (created_at >= :since OR {RETRY_OF[dialect]} IS NOT NULL) AND {_OBJECT[dialect]}
        ORDER BY created_at, id LIMIT 1 {lock}
        """
    ).bindparams(bindparam("types", expanding=True), _time("since"), _time("retried_since"))


@cache
def claim(dialect: str) -> TextClause:
    """Start a queued run :id at :now, as the :worker that its context names from now on."""
    return text(
        f"UPDATE operation_runs SET status = 'running', started_at = :now, context = {_with(dialect, 'worker')}"
        " WHERE id = :id AND status = 'queued'"
    ).bindparams(_number(), _time("now"), _json("worker"))


@cache
def advance(dialect: str) -> TextClause:
    """Write :progress of a run that still runs, and still is the :worker's own."""
    return text(
        f"UPDATE operation_runs SET context = {_with(dialect, 'progress')} WHERE {_own(dialect)}"
    ).bindparams(_number(), _json("worker"), _json("progress"))  # fmt: skip


@cache
def finish(dialect: str, *, error: bool) -> TextClause:
    """Complete such a run with :outcome at :now, and with its :error where there is one."""
    context = f"context = {_with(dialect, 'error')}, " if error else ""
    return text(
        f"UPDATE operation_runs SET {context}status = 'completed', outcome = :outcome, completed_at = :now"
        f" WHERE {_own(dialect)}"
    ).bindparams(_number(), _time("now"), _json("worker"), *([_json("error")] if error else []))


def _own(dialect: str) -> str:
    return f"id = :id AND status = 'running' AND {_WORKER[dialect]}"


def _with(dialect: str, key: str) -> str:
    """Write the context with one key set; the database does it, so that nobody else's key is written back."""
    if dialect == "sqlite":
        return f"json_set(context, '$.{key}', json(:{key}))"
    return f"jsonb_set(CAST(context AS jsonb), '{{{key}}}', CAST(:{key} AS jsonb))"


def _number() -> BindParameter[int]:
    return bindparam("id", type_=BigInteger())


def _json(name: str) -> BindParameter[str]:
    return bindparam(name, type_=Text())


def _time(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=Timestamp())
