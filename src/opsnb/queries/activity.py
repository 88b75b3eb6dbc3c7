"""How many runs of a list were created in each hour or day, by what has become of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Integer, Select, and_, bindparam, column, func, literal_column, select, true, values

from opsnb.bounds import shift
from opsnb.errors import BadInput
from opsnb.links import Page
from opsnb.models import Outcome, Status, TimeBound, operation_runs
from opsnb.queries.filters import Filters
from opsnb.queries.leads import sent
from opsnb.queries.lists import Shape, wheres
from opsnb.queries.members import WINDOW
from opsnb.queries.pages import Lists
from opsnb.queries.records import as_text
from opsnb.queries.run_page import TITLES
from opsnb.text import caveat, moment

if TYPE_CHECKING:
    import pandas as pd

DAY = timedelta(days=1)
SINCE = {"day": 30 * DAY}  # by the step; else it is a day
MOST = 400
_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_HOURLY = timedelta(days=3)  # a longer window is told by days unless hours are asked for
runs = operation_runs.c


class Bucket(NamedTuple):
    """Runs created from `start` (tz-aware UTC, a full hour or day) on, until the next bucket starts.

    A run that is queued or running counts as such, a completed one by its outcome; `other` are those whose status or
    outcome is none of the contract's, or is pending though the run is completed.
    """

    start: datetime
    succeeded: int = 0
    partially_succeeded: int = 0
    blocked: int = 0
    failed: int = 0
    running: int = 0
    queued: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self[1:])


@dataclass(frozen=True)
class Activity:
    """A list's runs by hour or day, oldest first, without gaps.

    Parameters
    ----------
    page
        Which list.
    every
        "hour" or "day", in UTC.
    buckets
        The first and the last may be cut by the window.
    since, until
        The window on created_at, tz-aware UTC, from the first to before the second.
    as_of, behind, instead
        As for `RunPage`.
    note
        What is not counted, in one sentence; empty where nothing is missing.
    """

    page: Page
    every: str
    buckets: Sequence[Bucket]
    since: datetime
    until: datetime
    as_of: datetime
    behind: timedelta = timedelta(0)
    instead: str = ""
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give one row a bucket: `start` is tz-aware UTC, counts are Int64."""
        from opsnb.queries.frames import frame

        return frame(self.buckets, Bucket)

    def __repr__(self) -> str:
        total = sum(bucket.total for bucket in self.buckets)
        window = f"from {moment(self.since)} to {moment(self.until)}"
        as_of = f"{moment(self.as_of)}{caveat(self.behind, self.instead)}"
        return f"{TITLES[self.page]} by {self.every}: {total:,} {window}, as of {as_of}"

    def _repr_html_(self) -> str:
        from opsnb.queries.html import grid

        head = [name.replace("_", " ").capitalize() for name in Bucket._fields]
        caption = f"{self!r}. {self.note}" if self.note else repr(self)
        return grid(head, ((moment(b.start), *b[1:]) for b in self.buckets), caption, "No operations.")


def read_activity(lists: Lists, page: Page, filters: Filters, every: str, now: datetime) -> Activity:
    """Count a list's runs at `now` (tz-aware) by hour or day, in one statement.

    Parameters
    ----------
    filters
        With `since`; without `until` the window ends with the bucket that `now` is in.
    every
        "hour", "day", or "" for whichever suits the window.

    Raises
    ------
    BadInput
        If `every` is something else, or the window has more than `MOST` buckets.
    DatabaseUnavailable
        If the database cannot answer.
    """
    since = filters.since or now
    every = every or ("hour" if (filters.until or now) - since <= _HOURLY else "day")
    starts = _starts(every, since, filters.until, now)
    until = filters.until or shift(starts[-1], _STEPS[every])
    # The window is in the bounds of the buckets.
    shape = lists.shape(page, replace(filters, since=None, until=None))
    bounds = [since, *starts[1:], until]
    values = {**lists.plain_values(page, filters, now), **{_bound(at): bound for at, bound in enumerate(bounds)}}
    note = ""
    if filters.group:
        members = lists.members(page, filters, now)
        values["members"] = sent(lists.database, members.numbers)
        note = f"Only the newest {WINDOW:,} failures were looked at." if members.end else ""
    counted = [Counter[str]() for _ in starts]
    for number, status, outcome, found in lists.database.fetch(_statement(shape, len(starts)), values):
        counted[number][_kind(as_text(status), as_text(outcome))] += found
    buckets = [Bucket(start, **counts) for start, counts in zip(starts, counted, strict=True)]
    return Activity(page, every, buckets, since, until, now, note=note)


def _starts(every: str, since: datetime, until: datetime | None, now: datetime) -> list[datetime]:
    if every not in _STEPS:
        raise BadInput(f"every must be hour or day, not {every!r}.")
    step, first = _STEPS[every], since.replace(minute=0, second=0, microsecond=0)
    first = first if every == "hour" else first.replace(hour=0)
    last = until - timedelta(microseconds=1) if until else max(now, since)
    count = (last - first) // step + 1
    if count > MOST:
        advice = "give every='day' or a shorter window" if every == "hour" else "give a shorter window"
        raise BadInput(f"since and until span {count:,} {every}s, and at most {MOST} are counted; {advice}.")
    return [first + step * number for number in range(count)]


def _kind(status: str | None, outcome: str | None) -> str:
    if status in (Status.QUEUED, Status.RUNNING):
        return str(status)
    known = status == Status.COMPLETED and outcome in set(Outcome) - {Outcome.PENDING}
    return str(outcome) if known else "other"


def _bound(number: int) -> str:
    return f"bound_{number}"


@lru_cache(maxsize=256)
def _statement(shape: Shape, buckets: int) -> Select[Any]:
    """Count by ranges of time, each found by the index of the list: a time is only ever compared, as in the filters."""
    bounds = [bindparam(_bound(number), type_=TimeBound()) for number in range(buckets + 1)]
    rows: list[Any] = [(literal_column(str(number)), *pair) for number, pair in enumerate(pairwise(bounds))]
    columns = (column("number", Integer), column("low", TimeBound()), column("high", TimeBound()))
    bucket = values(*columns, name="ranges").data(rows).cte("bucket")
    within = (runs.created_at >= bucket.c.low, runs.created_at < bucket.c.high, *wheres(shape))
    counted = func.count(runs.id).label("runs")
    if shape.dialect == "sqlite":
        # An outer join, for that is the one whose order SQLite keeps: each range is looked up, and not each run.
        joined = bucket.outerjoin(operation_runs, and_(*within))
        found = select(bucket.c.number, runs.status, runs.outcome, counted).select_from(joined)
        return found.group_by(bucket.c.number, runs.status, runs.outcome)
    own = select(runs.status, runs.outcome, counted).where(*within).group_by(runs.status, runs.outcome)
    each = own.correlate(bucket).lateral("each")
    return select(bucket.c.number, *each.c).select_from(bucket.join(each, true()))
