"""Rows that break an assumption, among the newest alone, so that the cost is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.doctor import sqlite_times
from opsnb.doctor.findings import Finding, note, ok, warning
from opsnb.models import Outcome, Status, as_utc, operation_runs
from opsnb.queries.records import as_text

WINDOW = 10_000
SHOWN = 5
runs = operation_runs.c


def check(database: Database) -> Iterator[Finding]:
    """Look at the newest rows by number."""
    columns = (runs.id, runs.type, runs.status, runs.outcome, runs.created_at, runs.started_at, runs.completed_at)
    rows = database.fetch(select(*columns).order_by(runs.id.desc()).limit(WINDOW))
    if not rows:
        yield note("There are no operations yet.")
        return
    found = [*_times(rows), *sqlite_times.check(database), *_values(rows), *_types(database, rows)]
    yield from found or [ok(f"The newest {len(rows):,} operations are as opsnb expects them.")]


def _times(rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    missing = [row.id for row in rows if row.created_at is None]
    if missing:
        yield warning(
            f"{_count(missing)} no created_at: they stand before or behind all others and are never stuck.",
            "Give them one, and let the column be NOT NULL.",
        )
    names = ("created_at", "started_at", "completed_at")
    unread = [row.id for row in rows if any(row_time is not None and as_utc(row_time) is None
              for row_time in (getattr(row, name) for name in names))]  # fmt: skip
    if unread:
        yield warning(f"{_count(unread)} a time that cannot be read.", "Write times in ISO 8601, in UTC.")
    soon = datetime.now(UTC) + timedelta(minutes=1)
    ahead = [row.id for row in rows if (as_utc(row.created_at) or soon) > soon]
    if ahead:
        yield warning(
            f"{_count(ahead)} a created_at in the future: a time without a zone is read as UTC.",
            "Let the application write UTC, or make a view that gives it.",
        )


def _values(rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    for name, known in (("status", Status), ("outcome", Outcome)):
        unknown = sorted({as_text(getattr(row, name)) or "" for row in rows} - {str(value) for value in known})
        if unknown:
            yield note(f"The {name} {_listed(unknown)} is shown as it stands: opsnb does not know it.")


def _types(database: Database, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    catalog = Catalog.from_settings(database.settings)
    unknown = sorted({type_ for row in rows if (type_ := as_text(row.type) or "") not in catalog})
    if unknown:
        yield note(
            f"The type {_listed(unknown)} is in no catalog, so its operations cannot be retried or canceled.",
            "Declare it in opsnb.toml.",
        )


def _listed(values: Sequence[str]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(repr(value[:80]) for value in values[:SHOWN]) + more


def _count(numbers: Sequence[int]) -> str:
    first = ", ".join(f"#{number}" for number in numbers[:SHOWN])
    more = f" and {len(numbers) - SHOWN:,} more" if len(numbers) > SHOWN else ""
    return (
        f"{'Operation' if len(numbers) == 1 else 'Operations'} {first}{more} {'has' if len(numbers) == 1 else 'have'}"
    )
