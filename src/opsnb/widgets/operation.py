"""One operation in the words that its page shows: verdict, facts, timeline and lineage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opsnb import links
from opsnb.links import Links
from opsnb.models import Outcome, Status, as_utc
from opsnb.queries.detail import Relative
from opsnb.queries.run import Run
from opsnb.queries.timeline import Event
from opsnb.text import duration, one_line, visible
from opsnb.widgets.words import LINE, Payload, link, outcome_badge, place, span, status_badge, tenant, when

_ROLES = {-1: "Retry of", 0: "This", 1: "Retried as"}


def happened(event: Event, run: Run, where: Links) -> Payload:
    """Give one event of the timeline, with a link to the other operation that it speaks of."""
    bad = event.outcome == Outcome.FAILED
    text = visible(event.text, 1_000)
    other = event.run_id if event.run_id is not None and f"Operation #{event.run_id}" in text else None
    before, _, after = text.partition(f"Operation #{other}") if other is not None else (text, "", "")
    return {
        "at": when(event.at, run.as_of),
        "kind": "bad" if bad else event.kind,
        "text": before,
        "link": link(where, links.view(other), f"Operation #{other}") if other is not None else None,
        "rest": after,
    }


def lineage(relatives: Sequence[Relative], where: Links) -> list[Payload]:
    """Give the retries up and down; nothing where there are none."""
    if len(relatives) < 2:
        return []
    return [
        {
            "role": _ROLES.get(r.generation, "Earlier" if r.generation < 0 else "Later"),
            "link": link(where, links.view(r.id), f"#{r.id}") if r.generation else None,
            "id": f"#{r.id}",
            "badge": outcome_badge(r.outcome) if r.status == Status.COMPLETED else status_badge(r.status),
        }
        for r in relatives
    ]


def facts(run: Run) -> list[Payload]:
    """Give the columns of a run and how long its phases took."""
    record, phases = run.row, run.timing
    live = record.status != Status.COMPLETED
    times = (("Created", record.created_at), ("Started", record.started_at), ("Completed", record.completed_at))
    return [
        _fact("Workspace", place(record.workspace, record.workspace_id, "workspace"), record.workspace_id),
        _fact("Tenant", tenant(record), record.tenant_id),
        _fact("Initiator", visible(record.initiator_name, LINE) or "not recorded"),
        _fact("Type", visible(record.type, LINE)),
        *(_fact(name, when(time, run.as_of) if time else "not yet" if live else "not recorded")
          for name, time in times),
        _fact("Queued for", _phase(span(phases.queued_for), live and record.started_at is None)),
        _fact("Ran for", _phase(span(phases.ran_for), live and record.started_at is not None)),
    ]  # fmt: skip


def _fact(name: str, value: str | Payload, number: int | None = None) -> Payload:
    shown = value if isinstance(value, dict) else {"text": value}
    return {"name": name, **shown, "note": "" if number is None else f"#{number}"}


def _phase(text: str, open_: bool) -> str:
    return f"{text} so far" if text and open_ else text or "—"


def investigated(run: Run, mask: Callable[[str], str]) -> Payload | None:
    """Say who investigated a run, when and why, with secrets of the reason masked; None where nobody did."""
    triage = run.context.get("triage")
    mark = triage.get("investigated") if isinstance(triage, Mapping) else None
    if not isinstance(mark, Mapping):
        return None
    at = as_utc(mark.get("at"))
    return {
        "by": f"Investigated by {visible(mark.get('by'), 80) or 'somebody'}",
        "at": when(at, run.as_of) if at else None,
        "reason": visible(mask(str(mark.get("reason") or "")), 600),
    }


def verdict(run: Run) -> Payload | None:
    """Say in a sentence what a reader most needs to know, or nothing where all is well."""
    record = run.row
    ran = run.timing.ran_for
    after = f" after {duration(ran)}" if ran is not None and ran.total_seconds() >= 0 else ""
    head = visible(one_line(record.error), 300)
    if run.stuck:
        allowed = run.stuck.elapsed <= run.stuck.limit
        text = "far longer than is usual for its type." if allowed else "longer than its type allows."
        return {"kind": "warn", "head": run.stuck.sentence, "text": f"It has been in this state {text}"}
    if record.status == Status.COMPLETED and record.outcome == Outcome.FAILED:
        return {"kind": "error", "head": head or "No error was recorded", "text": f"Failed{after}."}
    if record.status == Status.COMPLETED and record.outcome in (Outcome.BLOCKED, Outcome.PARTIALLY_SUCCEEDED):
        words = "Blocked" if record.outcome == Outcome.BLOCKED else "Partially succeeded"
        return {"kind": "warn", "head": head or words, "text": f"{words}{after}."}
    return None
