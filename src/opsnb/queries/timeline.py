"""What happened on a run, in one order: its own life, and what people did to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from opsnb.audit import Action, Result
from opsnb.models import Status
from opsnb.queries.context import whole_number
from opsnb.queries.detail import AuditEntry
from opsnb.queries.records import RunRow, timing
from opsnb.text import duration

# The noun of each act, and what was done.
ACTIONS: dict[str, tuple[str, str]] = {
    Action.RETRY: ("Retry", "Retried"),
    Action.CANCEL: ("Cancel", "Canceled"),
    Action.MARK_INVESTIGATED: ("Mark investigated", "Marked investigated"),
}


class Event(NamedTuple):
    """One thing that happened at `at` (tz-aware UTC, None where unknown).

    `kind` is "created", "started", "completed" or "act"; `run_id` is another run that the text speaks of.
    """

    at: datetime | None
    kind: str
    text: str
    run_id: int | None = None


def timeline(run: RunRow, retry_of: int | None, audit: Iterable[AuditEntry]) -> list[Event]:
    """Put together a run's events, oldest first; those of unknown time come last."""
    events = [_created(run, retry_of), *_phases(run), *(_act(entry) for entry in audit)]
    last = datetime.max.replace(tzinfo=UTC)
    return sorted(events, key=lambda event: event.at or last)


def _created(run: RunRow, retry_of: int | None) -> Event:
    by = f" by {run.initiator_name}" if run.initiator_name else ""
    retry = f", as a retry of Operation #{retry_of}" if retry_of is not None else ""
    return Event(run.created_at, "created", f"Created{by}{retry}", retry_of)


def _phases(run: RunRow) -> Iterable[Event]:
    phases = timing(run.created_at, run.started_at, run.completed_at, None)
    if run.started_at:
        yield Event(run.started_at, "started", "Started" + _span(" after {} in the queue", phases.queued_for))
    if run.completed_at:
        outcome = str(run.outcome).replace("_", " ")
        yield Event(run.completed_at, "completed", f"Completed: {outcome}" + _span(" after {}", phases.ran_for))
    elif run.status == Status.COMPLETED:
        yield Event(None, "completed", f"Completed at an unknown time: {run.outcome}")


def _span(words: str, span: timedelta | None) -> str:
    if span is None:
        return ""
    if span < timedelta(0):
        return f", {duration(-span)} before it could: the clocks of its machines disagree"
    return words.format(duration(span))


def _act(entry: AuditEntry) -> Event:
    noun, done = ACTIONS.get(entry.action, (entry.action, entry.action))
    who = entry.actor_name or entry.actor_email or "somebody"
    said = entry.metadata.get("reason") or entry.metadata.get("refusal")
    new_id = whole_number(entry.metadata.get("new_run_id"))
    text = f"{done} by {who}" if entry.status == Result.SUCCESS else f"{noun} {entry.status} to {who}"
    text += f" as Operation #{new_id}" if new_id is not None else ""
    text += f": {said}" if isinstance(said, str) else ""
    return Event(entry.recorded_at, "act", text, new_id)
