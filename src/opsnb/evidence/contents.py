"""What evidence holds: an operation, its timeline, lineage and audit, and what happened around it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from opsnb.models import Outcome, Status
from opsnb.queries.detail import AuditEntry, Relative
from opsnb.queries.filters import PLATFORM
from opsnb.queries.records import RunRow
from opsnb.queries.run import Run
from opsnb.queries.timeline import Event
from opsnb.text import one_line

if TYPE_CHECKING:
    from opsnb.ops import Ops

AROUND = 5
GROUP_WINDOW = timedelta(days=7)
LONGEST_CONTEXT = 200_000


@dataclass(frozen=True)
class Contents:
    """All that evidence says; texts are masked, and not yet made safe to show.

    Parameters
    ----------
    run
        The operation.
    made_by
        Who froze it.
    error
        Its error, or nothing.
    context
        The worker's context as indented JSON, or as its text where it is no JSON.
    cut
        How many characters of the context are left out.
    audit
        Acts on it, with their details as JSON.
    neighbours
        By what they share with it, operations newest first: of its group, and the nearest of its type and tenant.
    """

    run: Run
    made_by: str
    error: str
    context: str
    cut: int
    timeline: list[Event]
    lineage: list[Relative]
    audit: list[tuple[AuditEntry, str]]
    neighbours: dict[str, list[RunRow]]

    @property
    def facts(self) -> list[tuple[str, object]]:
        """Names and values of the columns and phases that are known."""
        row, timing = self.run.row, self.run.timing
        facts = [
            ("Type", row.type), ("Workspace", _place(row.workspace, row.workspace_id)),
            ("Tenant", "Platform operation" if row.tenant_id is None else _place(row.tenant, row.tenant_id)),
            ("Initiator", row.initiator_name), ("Status", row.status), ("Outcome", row.outcome),
            ("Created", row.created_at), ("Started", row.started_at), ("Completed", row.completed_at),
            ("Queued for", timing.queued_for), ("Ran for", timing.ran_for),
            ("Stuck", self.run.stuck.sentence if self.run.stuck else None),
        ]  # fmt: skip
        return [(name, value) for name, value in facts if value is not None and value != ""]


def contents(ops: Ops, run_id: int) -> Contents:
    """Read it all for the actor of `ops`, in a number of statements that does not grow with the history."""
    run = ops.run(run_id)
    lineage = run.lineage()
    masked = ops.masker.mask(dict(run.context))
    context = (
        json.dumps(masked, indent=2, ensure_ascii=False) if run.context else ops.masker.mask_text(run.context_text)
    )
    return Contents(
        run,
        f"{ops.actor.name} ({ops.actor.email})",
        one_line(run.row.error),
        context[:LONGEST_CONTEXT],
        max(0, len(context) - LONGEST_CONTEXT),
        run.timeline(lineage),
        lineage,
        _audit(run.audit()),
        _neighbours(ops, run),
    )


def _audit(entries: Iterable[AuditEntry]) -> list[tuple[AuditEntry, str]]:
    return [(entry, json.dumps(dict(entry.metadata), ensure_ascii=False)) for entry in entries]


def _neighbours(ops: Ops, run: Run) -> dict[str, list[RunRow]]:
    row = run.row
    place = "tenant" if row.tenant_id is not None else "platform"
    tenant: str | int = PLATFORM if row.tenant_id is None else row.tenant_id
    return {
        **_group(ops, run),
        "Operations of its type around it": _around(ops, run, type=[row.type]),
        f"Operations of its {place} around it": _around(ops, run, tenant=tenant),
    }


def _group(ops: Ops, run: Run) -> dict[str, list[RunRow]]:
    """Find the newest failures with the same kind of error, where this is one."""
    if (run.row.status, run.row.outcome) != (Status.COMPLETED, Outcome.FAILED):
        return {}
    group = ops.errors.group(run.row.type, run.row.error)
    rows = ops.failures(group=group, since=run.as_of - GROUP_WINDOW, limit=2 * AROUND).rows
    return {f"Newest failures of its group {group} in 7 days": list(rows)} if rows else {}


def _around(ops: Ops, run: Run, **wanted: Any) -> list[RunRow]:
    newer = ops.runs(before=run.cursor, limit=AROUND, **wanted).rows
    older = ops.runs(after=run.cursor, limit=AROUND, **wanted).rows
    return [*newer, run.row, *older]


def _place(name: str | None, number: int) -> str:
    return f"{name} #{number}" if name else f"#{number}"
