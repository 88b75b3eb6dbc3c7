"""What the next shift must know: what failed, what waits for somebody, who did what, and what recovered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from opsnb.analysis.gather import gather
from opsnb.analysis.show import code, plain
from opsnb.audit import Result
from opsnb.errors import OpsnbError
from opsnb.queries.detail import AuditEntry
from opsnb.queries.filters import read
from opsnb.queries.records import as_text
from opsnb.queries.run_page import RunPage
from opsnb.queries.shift import NEWEST, Shift
from opsnb.queries.timeline import ACTIONS
from opsnb.text import duration, moment, one_line

if TYPE_CHECKING:
    from opsnb.catalog import Catalog
    from opsnb.ops import Ops

SHOWN = 20
SECTIONS = {
    "failed": "New failures by type",
    "unhandled": "Of these still unhandled",
    "stuck": "Stuck now",
    "acts": "Who did what",
    "refused": "Refused attempts",
    "recovered": "Recovered by a retry",
}


@dataclass(frozen=True)
class Line:
    """One line of a handover; `operation`, `type`, `who`, `count` and `at` (tz-aware UTC) where it has them."""

    section: str
    what: str
    operation: int | None = None
    type: str | None = None
    who: str | None = None
    count: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Handover:
    """What happened between two moments.

    Parameters
    ----------
    since, as_of
        The moments, tz-aware UTC.
    lines
        What is said, section by section in the order of `SECTIONS`.
    notes
        What bounds left out, in sentences.
    trouble
        Why nothing could be read, in one sentence for a person; else empty.
    """

    since: datetime
    as_of: datetime
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    trouble: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give one row a line: numbers Int64, `at` ``datetime64[us, UTC]``, the rest text; alike when empty."""
        frame = pd.DataFrame(list(self.lines), columns=[field.name for field in fields(Line)])
        kinds = {"operation": "Int64", "count": "Int64"}
        texts = dict.fromkeys(("section", "what", "type", "who"), "string")
        return frame.assign(at=pd.to_datetime(frame["at"], utc=True).astype("datetime64[us, UTC]")).astype(
            kinds | texts
        )

    def to_markdown(self) -> str:
        """Give it as Markdown, in which nothing from the database is markup."""
        if self.trouble:
            return plain(self.trouble)
        parts = [f"**Handover: the last {duration(self.as_of - self.since)}, as of {moment(self.as_of)}**"]
        for section, title in SECTIONS.items():
            lines = [line for line in self.lines if line.section == section]
            parts.append(f"### {title}\n\n" + ("\n".join(map(_bullet, lines)) or "None."))
        return "\n\n".join([*parts, *map(plain, self.notes)]) + "\n"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        counts = Counter(line.section for line in self.lines)
        said = ", ".join(f"{title.lower()}: {counts[section]}" for section, title in SECTIONS.items())
        return f"Handover from {moment(self.since)} to {moment(self.as_of)}; {said}"


def handover(ops: Ops, since: str | datetime | timedelta) -> Handover:
    """Sum up what changed since a moment, or for a span before now such as ``"8h"``; errors as for ``ops.runs``."""
    now = ops.now()
    start = read({"since": since}, now).since or now
    unhandled = ops.failures(since=start, unhandled=True, limit=SHOWN)
    failed = gather(ops.failures, since=start)
    stuck = ops.stuck(limit=SHOWN)
    shift = ops.acts(start)
    lines = [
        *_failed(failed.frame, ops.catalog),
        *_open(unhandled),
        *_stuck(stuck),
        *_acts(shift, ops.catalog),
    ]
    notes = (failed.note, _more("unhandled", unhandled), _more("stuck", stuck), _unread(shift), unhandled.note)
    return Handover(start, now, tuple(lines), tuple(note for note in notes if note))


def hand_over(ops: Ops, since: str | datetime | timedelta) -> Handover:
    """Sum up the same; what opsnb refuses is said, not raised, so that every cell of a runbook runs."""
    try:
        return handover(ops, since)
    except OpsnbError as error:
        return Handover(ops.now(), ops.now(), (), trouble=str(error))


def _failed(frame: pd.DataFrame, catalog: Catalog) -> Iterator[Line]:
    newest = {str(type_): at for type_, at in frame.groupby("type")["created_at"].max().items()}
    counts = Counter(map(str, frame["type"]))
    for type_, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        at = None if pd.isna(newest[type_]) else newest[type_].to_pydatetime()
        yield Line("failed", catalog.label(type_), type=type_, count=count, at=at)


def _open(page: RunPage) -> Iterator[Line]:
    for row in page.rows:
        what = f"{row.label}: {one_line(row.error) or 'no error was recorded'}"
        yield Line("unhandled", what, row.id, row.type, at=row.created_at)


def _stuck(page: RunPage) -> Iterator[Line]:
    for row in page.rows:
        yield Line("stuck", f"{row.label}: {row.stuck_class}", row.id, row.type, at=row.created_at)


def _acts(shift: Shift, catalog: Catalog) -> Iterator[Line]:
    done: Counter[tuple[str, str]] = Counter()
    for act in shift.acts:
        if act.entry.status == Result.SUCCESS:
            done[_who(act.entry), _noun(act.entry)] += 1
    for (who, noun), count in sorted(done.items()):
        yield Line("acts", noun, who=who, count=count)
    for act in shift.acts:
        entry = act.entry
        if entry.status != Result.SUCCESS:
            said = f"{_noun(entry)} {entry.status}: {as_text(entry.metadata.get('refusal')) or 'no reason recorded'}"
            yield Line("refused", said, act.run_id, who=_who(entry), at=entry.recorded_at)
    for one in shift.recovered:
        what = f"{catalog.label(one.type)} succeeded as Operation #{one.retry_id}"
        yield Line("recovered", what, one.run_id, one.type, at=one.at)


def _who(entry: AuditEntry) -> str:
    return entry.actor_name or entry.actor_email or "somebody"


def _noun(entry: AuditEntry) -> str:
    return ACTIONS.get(entry.action, (entry.action, ""))[0]


def _more(name: str, page: RunPage) -> str:
    return f"{page.count} operations are {name}; the newest {SHOWN} stand here." if page.next else ""


def _unread(shift: Shift) -> str:
    return "" if shift.complete else f"Only the newest {NEWEST:,} rows of the audit were looked at; there are more."


def _bullet(line: Line) -> str:
    head = [f"#{line.operation}" if line.operation is not None else "", code(line.who) if line.who else ""]
    count = f"× {line.count:,}" if line.count is not None else ""
    at = moment(line.at) if line.at else ""
    return "- " + " ".join(part for part in (*head, code(line.what), count, _when(line, at)) if part)


def _when(line: Line, at: str) -> str:
    return f"(newest {at})" if line.section == "failed" and at else f"({at})" if at else ""
