"""A list as a plain HTML table, for a cell that ends in ``ops.runs()``; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import chain

from opsnb.queries.records import RunRow
from opsnb.text import duration, moment, visible

_HEAD = ("Operation", "Type", "Workspace / tenant", "Initiator", "Status", "Outcome", "Created", "Ran for")


def table(rows: Iterable[RunRow], caption: str) -> str:
    """Write a list's rows."""
    return grid(_HEAD, map(_texts, rows), caption, "No operations.")


def grid(head: Sequence[str], rows: Iterable[Iterable[object]], caption: str, empty: str) -> str:
    """Write a table, or `empty` where it has no rows; it uses no script, no style sheet and no link."""
    # All at once, for it is many small texts: what parts them stands in no text that is visible.
    texts = _visible(rows)
    cells = escape(_ROW.join(map(_CELL.join, texts)))
    cells = cells.replace(_CELL, f"{_END}{_START}").replace(_ROW, f"{_END}</tr><tr>{_START}")
    body = f"<tr>{_START}{cells}{_END}</tr>" if texts else ""
    named = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in head)
    nothing = f'<tr><td colspan="{len(head)}">{escape(empty)}</td></tr>'
    top = f"<caption>{escape(caption)}</caption><thead><tr>{named}</tr></thead>"
    return f"<table>{top}<tbody>{body or nothing}</tbody></table>"


def _visible(rows: Iterable[Iterable[object]]) -> list[list[str]]:
    found = [["" if text is None else str(text) for text in row] for row in rows]
    every = list(chain.from_iterable(found))
    if "".join(every).isprintable() and max(map(len, every), default=0) <= _LONGEST:
        return found  # as nearly all are, and one look at all is quicker than one at each
    return [[visible(text, _LONGEST) for text in row] for row in found]


_LONGEST = 120
_CELL, _ROW = "\x00", "\x01"
_START, _END = '<td style="text-align:left"><bdi>', "</bdi></td>"


def _texts(row: RunRow) -> tuple[object, ...]:
    ran = row.completed_at - row.started_at if row.completed_at and row.started_at else None
    return (
        f"#{row.id}",
        row.label,
        _place(row),
        row.initiator_name,
        row.status,
        row.outcome,
        moment(row.created_at) if row.created_at else "unknown",
        duration(ran) if ran is not None else "",
    )


def _place(row: RunRow) -> str:
    tenant = "Platform" if row.tenant_id is None else row.tenant or ""
    place = f"{row.workspace or ''} / {tenant}"
    # Where they are too long together, both are cut.
    return place if len(place) <= _LONGEST else f"{visible(row.workspace, 58)} / {visible(tenant, 58)}"
