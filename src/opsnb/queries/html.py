"""A list as a plain HTML table, for a cell that ends in ``ops.runs()``; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from opsnb.queries.records import RunRow, timing
from opsnb.text import duration, moment, visible

_HEAD = ("Operation", "Type", "Workspace / tenant", "Initiator", "Status", "Outcome", "Created", "Ran for")


def table(rows: Iterable[RunRow], caption: str) -> str:
    """Write the table; it uses no script, no style sheet and no link."""
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    head = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in _HEAD)
    empty = f'<tr><td colspan="{len(_HEAD)}">No operations.</td></tr>'
    top = f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}<tbody>{body or empty}</tbody></table>"


def _cells(row: RunRow) -> str:
    ran = timing(row.created_at, row.started_at, row.completed_at, None).ran_for
    texts = (
        f"#{row.id}",
        row.label,
        f"{visible(row.workspace, 80)} / {visible(row.tenant, 80) if row.tenant_id is not None else 'Platform'}",
        row.initiator_name,
        row.status,
        row.outcome,
        moment(row.created_at) if row.created_at else "unknown",
        duration(ran) if ran is not None else "",
    )
    return "".join(f'<td style="text-align:left"><bdi>{escape(visible(text, 120))}</bdi></td>' for text in texts)
