"""What queries give back: plain typed records; every time is tz-aware UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple


class RunRow(NamedTuple):
    """One operation on a list.

    `workspace` and `tenant` are names; `tenant_id` None is a platform operation. `label` is the catalog's. `error` is
    a short text on the failures list and None elsewhere; `stuck_class` is a label on the stuck list and None elsewhere.
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
