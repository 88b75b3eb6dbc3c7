"""What people did of late to all operations, and which retries succeeded since; bounded, and found by number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, bindparam, cast, select, type_coerce

from opsnb.audit import RESOURCE, Action, Result
from opsnb.bounds import shift as add_span
from opsnb.database import Database
from opsnb.models import Outcome, Status, Timestamp, as_utc, audit_logs, operation_runs
from opsnb.queries.context import read_id
from opsnb.queries.detail import AuditEntry, masked, read_entry
from opsnb.queries.masking import Masker
from opsnb.queries.records import as_text

NEWEST = 5_000
LOOKBACK = timedelta(days=1)
runs = operation_runs.c


class ShiftAct(NamedTuple):
    """One recorded act: on which operation (None where the record names none), and what was recorded."""

    run_id: int | None
    entry: AuditEntry


class Recovered(NamedTuple):
    """A failed operation that a retry made good at `at` (tz-aware UTC)."""

    run_id: int
    retry_id: int
    type: str
    at: datetime


class Shift(NamedTuple):
    """What people did, oldest first, and what recovered; `complete` is False where older acts were not looked at."""

    acts: list[ShiftAct]
    recovered: list[Recovered]
    complete: bool


def fetch_shift(database: Database, since: datetime, now: datetime, masker: Masker) -> Shift:
    """Read acts from `since` to `now` (tz-aware), among the newest `NEWEST` rows of the audit, in three statements.

    A retry that was asked for up to `LOOKBACK` before `since` counts as recovered if it succeeded after that.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    values = {"since": add_span(since, -LOOKBACK), "now": now, "newest": NEWEST, "resource": RESOURCE}
    rows = database.fetch(_acts(database.dialect), values)
    acts = [ShiftAct(row.resource_id, read_entry(row)) for row in reversed(rows)]
    within = [
        act._replace(entry=masked(act.entry, masker))
        for act in acts
        if act.entry.recorded_at and act.entry.recorded_at >= since
    ]
    first = database.fetch(_oldest(), {"newest": NEWEST})
    reached = [as_utc(row.recorded_at) for row in first]
    complete = not reached or (reached[0] is not None and reached[0] < since)
    return Shift(within, _recovered(database, acts, since, now), complete)


def _recovered(database: Database, acts: Sequence[ShiftAct], since: datetime, now: datetime) -> list[Recovered]:
    retried = {new: act.run_id for act in acts if act.run_id is not None and (new := _new_run(act.entry)) is not None}
    if not retried:
        return []
    found = []
    for row in database.fetch(_done(), {"ids": list(retried)}):
        at = as_utc(row.completed_at)
        if at is not None and since <= at <= now:
            found.append(Recovered(retried[row.id] or 0, row.id, as_text(row.type) or "", at))
    return sorted(found, key=lambda one: (one.at, one.retry_id))


def _new_run(entry: AuditEntry) -> int | None:
    done = entry.action == Action.RETRY and entry.status == Result.SUCCESS
    return read_id(entry.metadata.get("new_run_id")) if done else None


@cache
def _acts(dialect: str) -> Select[Any]:
    log = audit_logs.c
    metadata = type_coerce(log["metadata"], Text) if dialect == "sqlite" else cast(log["metadata"], Text)
    columns = (log.id, log.action, log.status, log.actor_name, log.actor_email, metadata.label("details"))
    named = (log.resource_type, log.resource_id, log.recorded_at)
    newest = select(*columns, *named).order_by(log.id.desc()).limit(bindparam("newest")).subquery("newest").c
    return (
        select(newest.id, newest.action, newest.status, newest.actor_name, newest.actor_email, newest.details,
               newest.recorded_at, newest.resource_id)
        .where(newest.resource_type == bindparam("resource"),
               newest.recorded_at >= bindparam("since", type_=Timestamp()),
               newest.recorded_at <= bindparam("now", type_=Timestamp()))
        .order_by(newest.id.desc())
    )  # fmt: skip


@cache
def _oldest() -> Select[Any]:
    """Find the first row that is not looked at."""
    log = audit_logs.c
    return select(log.recorded_at).order_by(log.id.desc()).limit(1).offset(bindparam("newest"))


@cache
def _done() -> Select[Any]:
    wanted = (runs.id.in_(bindparam("ids", expanding=True)), runs.status == Status.COMPLETED.value)
    return select(runs.id, runs.type, runs.completed_at).where(*wanted, runs.outcome == Outcome.SUCCEEDED.value)
