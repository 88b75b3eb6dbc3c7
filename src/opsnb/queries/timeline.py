"""What happened on a run, in one order: its own life, what people did to it, and what came of its retries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from opsnb import links
from opsnb.audit import Action, Result
from opsnb.models import Status
from opsnb.queries.context import read_id
from opsnb.queries.detail import MAX_AUDIT, MAX_LINEAGE, AuditEntry, Relative
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

    `kind` is "created", "started", "completed" or "act" on the run itself, "lineage" on one that it retries or that
    retries it, and "cut" where something is left out. `run_id` is another run that the text speaks of, `outcome` what a
    run completed with.
    """

    at: datetime | None
    kind: str
    text: str
    run_id: int | None = None
    outcome: str | None = None

    @property
    def address(self) -> str | None:
        """The canonical address of the other run that the text speaks of."""
        return None if self.run_id is None else links.view(self.run_id)


def timeline(
    run: RunRow, retry_of: int | None, audit: Sequence[AuditEntry], family: Sequence[Relative] = ()
) -> list[Event]:
    """Put together a run's events, oldest first; those of unknown time come last.

    Parameters
    ----------
    run
        Whose events.
    retry_of
        Number of the run that it retries.
    audit
        Acts on it, oldest first; beyond the newest `MAX_AUDIT` they are left out, and an event says so.
    family
        Its retry lineage, as `opsnb.queries.detail.fetch_lineage` gives it.
    """
    others = {one.id: one for one in family if one.id != run.id}
    acts = [_act(entry, others) for entry in audit[-MAX_AUDIT:]]
    told = {act.run_id for act in acts}
    relatives = [event for one in others.values() for event in _relative(one, run.id, known=one.id in told)]
    own = [_created(run, retry_of), *_phases(run)]
    cuts = [*_cut_acts(audit), *_cut_lineage(family)]
    last = datetime.max.replace(tzinfo=UTC)
    return sorted([*own, *cuts, *acts, *relatives], key=lambda event: event.at or last)


def _relative(one: Relative, run_id: int, *, known: bool) -> Iterable[Event]:
    """Tell the life of another run of the lineage; that it was created is `known` where an act tells it."""
    name = f"Operation #{one.id}"
    source = "" if one.retry_of is None else " as a retry of " + (
        "this one" if one.retry_of == run_id else f"Operation #{one.retry_of}")  # fmt: skip
    if not known:
        yield Event(one.created_at, "lineage", f"{name} was created{source}{_unfinished(one)}", one.id)
    if one.status == Status.COMPLETED and one.completed_at:
        took = timing(one.created_at, one.started_at, one.completed_at, None).ran_for
        text = f"{name} completed: {_plain(one.outcome)}" + _span(" after {}", took)
        yield Event(one.completed_at, "lineage", text, one.id, one.outcome)


def _unfinished(one: Relative) -> str:
    if one.status == Status.COMPLETED:
        return "" if one.completed_at else f"; it completed at an unknown time: {_plain(one.outcome)}"
    return f"; it is {_plain(one.status)}"


def _cut_acts(audit: Sequence[AuditEntry]) -> Iterable[Event]:
    if len(audit) > MAX_AUDIT:
        first = audit[-MAX_AUDIT].recorded_at
        yield Event(first, "cut", f"Earlier acts are left out: these are the newest {MAX_AUDIT}")


def _cut_lineage(family: Sequence[Relative]) -> Iterable[Event]:
    if sum(one.generation >= 0 for one in family) >= MAX_LINEAGE or len(family) >= 2 * MAX_LINEAGE:
        yield Event(None, "cut", f"There may be more retries: no more than {MAX_LINEAGE} are looked at")


def _plain(value: object) -> str:
    return str(value).replace("_", " ")


def _created(run: RunRow, retry_of: int | None) -> Event:
    by = f" by {run.initiator_name}" if run.initiator_name else ""
    retry = f", as a retry of Operation #{retry_of}" if retry_of is not None else ""
    return Event(run.created_at, "created", f"Created{by}{retry}", retry_of)


def _phases(run: RunRow) -> Iterable[Event]:
    phases = timing(run.created_at, run.started_at, run.completed_at, None)
    if run.started_at:
        yield Event(run.started_at, "started", "Started" + _span(" after {} in the queue", phases.queued_for))
    if run.completed_at:
        text = f"Completed: {_plain(run.outcome)}" + _span(" after {}", phases.ran_for)
        yield Event(run.completed_at, "completed", text, outcome=run.outcome)
    elif run.status == Status.COMPLETED:
        yield Event(None, "completed", f"Completed at an unknown time: {_plain(run.outcome)}", outcome=run.outcome)


def _span(words: str, span: timedelta | None) -> str:
    if span is None:
        return ""
    if span < timedelta(0):
        return f", {duration(-span)} before it could: the clocks of its machines disagree"
    return words.format(duration(span))


def _act(entry: AuditEntry, others: Mapping[int, Relative]) -> Event:
    noun, done = ACTIONS.get(entry.action, (entry.action, entry.action))
    who = entry.actor_name or entry.actor_email or "somebody"
    said = entry.metadata.get("reason") or entry.metadata.get("refusal")
    new_id = read_id(entry.metadata.get("new_run_id"))
    text = f"{done} by {who}" if entry.status == Result.SUCCESS else f"{noun} {entry.status} to {who}"
    text += f" as Operation #{new_id}" if new_id is not None else ""
    text += f": {said}" if isinstance(said, str) else ""
    new = others.get(new_id) if new_id is not None else None
    text += _unfinished(new) if new else ""
    return Event(entry.recorded_at, "act", text, new_id)
