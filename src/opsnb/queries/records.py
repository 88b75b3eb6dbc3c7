"""What queries give back: plain typed records; every time is tz-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from opsnb.catalog import Catalog
from opsnb.models import as_utc


class RunRow(NamedTuple):
    """One operation on a list.

    `workspace` and `tenant` are names; `tenant_id` None is a platform operation. `label` is the catalog's. `error` is
    a short text on the failures list and None elsewhere; `stuck_class` is a label on the stuck list and None elsewhere.
    `investigated_by` names who marked it ("" where nobody stands there), `retry_of` the run that it retries,
    `retried_as` its newest retry (only where the database has the index for it), `retried_state` that one's status, or
    its outcome once it completed.
    """

    id: int
    type: str
    label: str
    workspace_id: int
    workspace: str | None
    tenant_id: int | None
    tenant: str | None
    initiator_name: str | None
    status: str
    outcome: str
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None = None
    stuck_class: str | None = None
    investigated_by: str | None = None
    retry_of: int | None = None
    retried_as: int | None = None
    retried_state: str | None = None


def run_row(row: Mapping[str, Any], catalog: Catalog, error: str | None) -> RunRow:
    """Make the record of a row as the database gave it; SQLite lets numbers and bytes into columns of text."""
    type_ = as_text(row["type"])
    return RunRow(
        row["id"], type_ or "", catalog.label(type_), row["workspace_id"], as_text(row["workspace"]),
        row["tenant_id"], as_text(row["tenant"]), as_text(row["initiator_name"]),
        as_text(row["status"]) or "", as_text(row["outcome"]) or "",
        as_utc(row["created_at"]), as_utc(row["started_at"]), as_utc(row["completed_at"]), error,
    )  # fmt: skip


def as_text(value: object) -> str | None:
    """Read text as the database gave it: a number in its digits, bytes as UTF-8 as far as they are."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Timing(NamedTuple):
    """How long a run queued and ran; None where it is not known, negative where clocks disagree."""

    queued_for: timedelta | None
    ran_for: timedelta | None


def timing(
    created: datetime | None, started: datetime | None, completed: datetime | None, now: datetime | None
) -> Timing:
    """Work out a run's phases; an open phase runs until `now`, which is None for a finished run."""
    queue_end = started or completed or now
    run_end = completed or now
    return Timing(
        queue_end - created if created and queue_end else None,
        run_end - started if started and run_end else None,
    )
