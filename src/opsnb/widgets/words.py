"""Records in the words and marks that a page shows; everything that came from a database is made safe to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from opsnb import links
from opsnb.links import Links
from opsnb.queries.records import RunRow, timing
from opsnb.queries.run_page import Hidden
from opsnb.text import ago, duration, moment, one_line, visible

LINE = 200
_FORMS = {"clock": "%H:%M:%S", "minute": "%d %b %H:%M"}  # times.js writes the same in another zone
_STATUS = {
    "queued": ("Queued", "plain", "○"),
    "running": ("Running", "info", "◐"),
    "completed": ("Completed", "plain", "●"),
}
_OUTCOME = {
    "pending": ("Pending", "plain", "…"),
    "succeeded": ("Succeeded", "success", "✓"),
    "partially_succeeded": ("Partially succeeded", "warn", "◑"),
    "blocked": ("Blocked", "warn", "⊘"),
    "failed": ("Failed", "error", "✕"),
}

Payload = dict[str, Any]


def status_badge(value: object) -> Payload:
    """Give text, colour and mark of a status; one that is not known is plain text."""
    return _badge(_STATUS, value)


def outcome_badge(value: object) -> Payload:
    """Give text, colour and mark of an outcome; one that is not known is plain text."""
    return _badge(_OUTCOME, value)


def _badge(known: dict[str, tuple[str, str, str]], value: object) -> Payload:
    text, kind, mark = known.get(value, (visible(value, 40) or "unknown", "text", "")) if isinstance(value, str) else (
        visible(value, 40) or "unknown", "text", "")  # fmt: skip
    return {"text": text, "kind": kind, "mark": mark}


def link(where: Links, address: str, label: str) -> Payload:
    """Give an anchor: its text, the canonical address, and the href that leads there from this page."""
    return {"label": label, "address": address, "href": where.href(address)}


def when(time: datetime | None, now: datetime) -> Payload:
    """Give a time as words before `now`, as time of day or date, in full, and as ISO 8601 for the reader's own zone."""
    if time is None:
        return {"ago": "unknown", "short": "", "full": "unknown", "iso": "", "form": "day"}
    form = "clock" if abs(now - time) < timedelta(hours=20) else "minute" if time.year == now.year else "day"
    utc = time.astimezone(UTC)
    iso = f"{utc.replace(tzinfo=None).isoformat(timespec='seconds')}Z"  # strftime writes the year 1 with one digit
    short = f"{utc.date()}" if form == "day" else f"{utc:{_FORMS[form]}}"
    return {"ago": ago(time, now), "short": short, "full": moment(time), "iso": iso, "form": form}


def span(value: timedelta | None) -> str:
    """Say a span, or that clocks disagree where it is negative; nothing where it is unknown."""
    if value is None:
        return ""
    return duration(value) if value >= timedelta(0) else f"{duration(value)} (clocks disagree)"


def row(record: RunRow, where: Links, now: datetime) -> Payload:
    """Give one row of a list."""
    live = record.status in ("queued", "running")
    phases = timing(record.created_at, record.started_at, record.completed_at, now if live else None)
    lasted = phases.ran_for if record.started_at else phases.queued_for
    return {
        "id": str(record.id),
        **link(where, links.view(record.id), visible(record.label, LINE)),
        "error": visible(one_line(record.error), LINE) if isinstance(record.error, str) else "",
        "workspace": place(record.workspace, record.workspace_id, "workspace"),
        "tenant": tenant(record),
        "platform": record.tenant_id is None,
        "initiator": visible(record.initiator_name, LINE),
        "status": status_badge(record.status),
        "outcome": outcome_badge(record.outcome),
        "created": when(record.created_at, now),
        "lasted": span(lasted),
        "odd": bool(lasted and lasted < timedelta(0)),
        "mark": mark(record),
        "live": live,
        "stuck": record.stuck_class or "",
    }


def hiding(hidden: Hidden) -> str:
    """Say how many handled failures a list does not show."""
    if not hidden.handled:
        return "nothing hidden"
    among = f" of the newest {int(hidden.failures):,}" if hidden.failures.capped else ""
    return f"{hidden.handled} handled one{'' if hidden.handled == 1 else 's'}{among} hidden"


def mark(record: RunRow) -> str:
    """Say in few words what triage left on a run: it was retried, investigated, or is a retry itself."""
    if record.retried_as is not None:
        state = visible(record.retried_state, 30).replace("_", " ") or "state unknown"
        return f"Retried as #{record.retried_as}, {state}"
    if record.investigated_by is not None:
        return f"Investigated by {visible(record.investigated_by, 40)}" if record.investigated_by else "Investigated"
    return f"Retry of #{record.retry_of}" if record.retry_of is not None else ""


def tenant(record: RunRow) -> str:
    """Name a run's tenant, or say that it is the platform's."""
    return "Platform operation" if record.tenant_id is None else place(record.tenant, record.tenant_id, "tenant")


def place(name: str | None, number: int, kind: str) -> str:
    """Name a workspace or tenant; one whose record is gone is named by its number."""
    return visible(name, LINE) if name else f"Unknown {kind} #{number}"
