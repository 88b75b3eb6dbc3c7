"""The statements of the detail: one run, its retries up and down, and its audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, bindparam, cast, literal_column, select, true, type_coerce

from opsnb.audit import RESOURCE
from opsnb.database import Database
from opsnb.errors import RunNotFound
from opsnb.models import as_utc, audit_logs, operation_runs
from opsnb.queries.columns import looked_up, own_columns
from opsnb.queries.context import read_context, read_id
from opsnb.queries.marks import as_parent, retry_of
from opsnb.queries.masking import Masker
from opsnb.queries.records import LISTED
from opsnb.schema import RETRY_OF

MAX_LINEAGE = 50
MAX_AUDIT = 200
runs = operation_runs.c


class AuditEntry(NamedTuple):
    """One recorded act on a run; `recorded_at` is tz-aware UTC, `metadata` is what was written with it."""

    id: int
    action: str
    status: str
    actor_name: str | None
    actor_email: str | None
    metadata: Mapping[str, Any]
    recorded_at: datetime | None


class Relative(NamedTuple):
    """One run of a retry lineage; times are tz-aware UTC.

    `generation` is 0 for the run itself, negative above it, positive for its retries.
    """

    id: int
    status: str
    outcome: str
    created_at: datetime | None
    retry_of: int | None
    generation: int
    started_at: datetime | None = None
    completed_at: datetime | None = None


@cache
def _run_statement(dialect: str, *, retries: bool) -> Select[Any]:
    # As text: a context that is no JSON must not stop the page.
    context = type_coerce(runs.context, Text) if dialect == "sqlite" else cast(runs.context, Text)
    own = select(*own_columns(dialect), context.label("context")).where(runs.id == bindparam("id")).subquery("page")
    listed = [column for column in own.c if column.name in LISTED]
    return select(*listed, *looked_up(own, dialect, retries=retries), own.c.context)


def fetch_run(database: Database, run_id: int) -> tuple[Sequence[Any], Any]:
    """Read one run: its columns in the order of `LISTED`, and its context as JSON text.

    Raises
    ------
    RunNotFound
        If no run has that number.
    DatabaseUnavailable
        If the database cannot answer.
    """
    rows: Sequence[Any] = ()
    if -(2**63) <= run_id < 2**63:
        rows = database.fetch(_run_statement(database.dialect, retries=database.finds_retries), {"id": run_id})
    if not rows:
        raise RunNotFound(missing(run_id))
    return rows[0][:-1], rows[0][-1]


def missing(run_id: int) -> str:
    """Say that no run has this number."""
    return f"There is no Operation #{run_id}; it may have been removed, or the number is mistyped."


def fetch_audit(database: Database, run_id: int, limit: int = MAX_AUDIT) -> list[AuditEntry]:
    """Read the newest `limit` rows of one run's audit, oldest first."""
    statement = _audit_statement(database.dialect)
    return [read_entry(row) for row in reversed(database.fetch(statement, {"id": run_id, "limit": limit}))]


@cache
def _audit_statement(dialect: str) -> Select[Any]:
    log = audit_logs.c
    metadata = type_coerce(log["metadata"], Text) if dialect == "sqlite" else cast(log["metadata"], Text)
    return (
        select(log.id, log.action, log.status, log.actor_name, log.actor_email, metadata, log.recorded_at)
        .where(log.resource_type == RESOURCE, log.resource_id == bindparam("id"))
        .order_by(*(column.desc() for column in (log.resource_type, log.resource_id, log.id)))
        .limit(bindparam("limit"))
    )


def read_entry(row: Sequence[Any]) -> AuditEntry:
    """Read a row of the audit: its columns in the order of an entry's, the metadata as text."""
    number, action, status, name, email, metadata, recorded_at = row[: len(AuditEntry._fields)]
    return AuditEntry(number, action, status, name, email, read_context(metadata) or {}, as_utc(recorded_at))


def masked(entry: AuditEntry, masker: Masker) -> AuditEntry:
    """Mask the secrets in what a recorded act says, such as the reason that somebody typed."""
    return entry._replace(metadata=masker.mask(dict(entry.metadata)))


def fetch_lineage(database: Database, run_id: int) -> list[Relative]:
    """Read the runs that led to this one by retries, itself, and those that retried it, oldest generation first."""
    dialect = database.dialect
    retries = _retries(dialect, indexed=database.is_sqlite or database.finds_retries)
    found = [_relative(row) for row in database.fetch(retries, {"id": run_id, "limit": MAX_LINEAGE})]
    here = next((relative for relative in found if relative.id == run_id), None)
    while here and here.retry_of is not None and len(found) < 2 * MAX_LINEAGE:
        above = [_relative(row) for row in database.fetch(_one(dialect), {"id": here.retry_of})]
        # A cycle in hostile data must end: a retry's number is always the higher one.
        if not above or above[0].id >= here.id:
            break
        here = above[0]._replace(generation=here.generation - 1)
        found.append(here)
    return sorted(found, key=lambda relative: (relative.generation, relative.id))


def _relative(row: Sequence[Any]) -> Relative:
    number, status, outcome, created, started, completed, parent, generation = row
    times = as_utc(started), as_utc(completed)
    return Relative(number, status, outcome, as_utc(created), read_id(parent), generation, *times)


def _parent(dialect: str, *, indexed: bool) -> Any:
    # Exactly as in the index, so that finding the retries of a run need not read every context. Without the index every
    # context is read, also one that PostgreSQL cannot read the number from.
    return literal_column(f"({RETRY_OF[dialect]})", Text) if indexed else retry_of(dialect)


def _of_relative(dialect: str) -> tuple[Any, ...]:
    times = (runs.created_at, runs.started_at, runs.completed_at)
    return (runs.id, runs.status, runs.outcome, *times, retry_of(dialect).label("retry_of"))


@cache
def _one(dialect: str) -> Select[Any]:
    return select(*_of_relative(dialect), literal_column("0").label("generation")).where(runs.id == bindparam("id"))


@cache
def _retries(dialect: str, *, indexed: bool) -> Select[Any]:
    tree = _one(dialect).cte("tree", recursive=True)
    columns = _of_relative(dialect)
    if dialect == "sqlite":
        # By a subquery and not by a join: SQLite 3.40 loses rows that a join finds by the index of an expression, once
        # the database was analyzed.
        retry = operation_runs.alias("retry")
        found: Any = select(retry.c.id).where(*_onward(retry, tree, _parent(dialect, indexed=True))).correlate(tree)
        joined = tree.join(operation_runs, runs.id.in_(found))
        step = select(*columns, tree.c.generation + 1).select_from(joined)
    else:
        # PostgreSQL expects thousands of retries of each run, and would read every context rather than look each up
        # in the index; with a limit for each it looks them up.
        found = (
            select(*columns)
            .where(*_onward(operation_runs, tree, _parent(dialect, indexed=indexed)))
            .limit(bindparam("limit"))
        )
        found = found.lateral("found")
        step = select(*found.c, tree.c.generation + 1).select_from(tree.join(found, true()))
    return select(tree.union_all(step)).limit(bindparam("limit"))


def _onward(table: Any, tree: Any, parent: Any) -> tuple[Any, ...]:
    return parent.is_not(None), parent == as_parent(tree.c.id), table.c.id > tree.c.id
