"""Failures in groups: by type, and by what the texts of their errors have in common."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from opsnb.catalog import Catalog
from opsnb.links import Page
from opsnb.models import as_utc
from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.filters import Filters
from opsnb.queries.known_groups import read_errors
from opsnb.queries.lists import keys_statement
from opsnb.queries.members import WINDOW, unfiltered
from opsnb.queries.pages import Lists
from opsnb.queries.records import as_text
from opsnb.text import caveat, moment, one_line, visible

if TYPE_CHECKING:
    import pandas as pd

SINCE = timedelta(days=7)
LINE = 300


class FailureGroup(NamedTuple):
    """Failures of one type with one kind of error.

    `group` is what the lists take as their filter; `error` is what the texts have in common, with placeholders such as
    ``<id>`` for what differs; `last_hour`, `last_day` and `last_week` count up to the moment shown, as far as the
    window reaches; `tenants` is how many were hit, operations of the platform aside; `example` is the number of the
    newest failure, `example_error` its text. Texts are masked; times are created_at, tz-aware UTC.
    """

    group: str
    type: str
    label: str
    error: str
    failures: int
    last_hour: int
    last_day: int
    last_week: int
    first_seen: datetime | None
    last_seen: datetime | None
    tenants: int
    example: int
    example_error: str


@dataclass(frozen=True)
class FailureGroups:
    """The groups of a window of time, first those that grow now.

    Parameters
    ----------
    groups
        By failures in the last hour, then the last day, then all, then the newest.
    since, until
        The window on created_at, tz-aware UTC; None where it is open.
    failures
        How many failures were looked at.
    groups_found
        How many groups they make; `groups` may hold fewer.
    oldest
        Where the window holds more than `WINDOW` failures: when the oldest that was looked at was created.
    as_of, behind, instead
        As for `RunPage`.
    """

    groups: Sequence[FailureGroup]
    since: datetime | None
    until: datetime | None
    failures: int
    groups_found: int
    oldest: datetime | None
    as_of: datetime
    behind: timedelta = timedelta(0)
    instead: str = ""

    @property
    def note(self) -> str:
        """What is not in here, in one sentence; empty where nothing is missing."""
        if self.oldest is not None:
            return f"Only the newest {self.failures:,} failures were looked at, back to {moment(self.oldest)}."
        if len(self.groups) < self.groups_found:
            return f"The first {len(self.groups):,} of {self.groups_found:,} groups."
        return ""

    def to_frame(self) -> pd.DataFrame:
        """Give one row a group: the same columns and dtypes even when empty, times tz-aware UTC."""
        from opsnb.queries.frames import frame

        return frame(self.groups, FailureGroup)

    def __iter__(self) -> Iterator[FailureGroup]:
        return iter(self.groups)

    def __len__(self) -> int:
        return len(self.groups)

    def __repr__(self) -> str:
        window = f" since {moment(self.since)}" if self.since else ""
        counted = f"{self.failures:,} failures in {self.groups_found:,} groups"
        return f"Failure groups: {counted}{window}, as of {moment(self.as_of)}{caveat(self.behind, self.instead)}"

    def _repr_html_(self) -> str:
        from opsnb.queries.html import grid

        caption = f"{self!r}. {self.note}".removesuffix(" ")
        return grid(_HEAD, map(_cells, self.groups), caption, "No failures.")


_HEAD = ("Type", "Error", "1 h", "24 h", "7 d", "All", "First seen", "Last seen", "Tenants", "Newest")


def _cells(group: FailureGroup) -> tuple[object, ...]:
    seen = (moment(when) if when else "unknown" for when in (group.first_seen, group.last_seen))
    counts = (group.last_hour, group.last_day, group.last_week, group.failures)
    return (group.label, group.error, *counts, *seen, group.tenants, f"#{group.example}")


def read_groups(lists: Lists, filters: Filters, now: datetime, limit: int) -> FailureGroups:
    """Group the newest `WINDOW` failures that `filters` let through at `now` (tz-aware); give at most `limit` groups.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    database, asked = lists.database, unfiltered(lists.shape(Page.FAILURES, filters))
    values = {**lists.plain_values(Page.FAILURES, filters, now), "limit": WINDOW + 1}
    rows = database.fetch(keys_statement(asked), values)
    found = [one for one in _gather(lists, rows[:WINDOW]) if filters.group is None or filters.group == one.group]
    for one in found:
        one.count(now)
    found.sort(key=_urgency, reverse=True)
    shown = found[:limit]
    texts = dict(read_errors(database, [one.example for one in shown]))
    return FailureGroups(
        [one.record(lists.catalog, lists.groups.errors, texts.get(one.example)) for one in shown],
        filters.since, filters.until, sum(one.failures for one in found), len(found),
        as_utc(rows[WINDOW - 1][0]) if len(rows) > WINDOW else None, now,
    )  # fmt: skip


def _urgency(group: _Gathered) -> tuple[object, ...]:
    last_hour, last_day, _ = group.counts
    seen = group.times[-1].timestamp() if group.times else 0.0
    return (last_hour, last_day, group.failures, seen, group.example)


@dataclass
class _Gathered:
    group: str
    rows: list[Sequence[Any]]  # of `keys_statement`, newest first
    times: Sequence[datetime] = ()
    counts: tuple[int, ...] = ()

    @property
    def failures(self) -> int:
        return len(self.rows)

    @property
    def example(self) -> int:
        return self.rows[0][1]  # type: ignore[no-any-return]

    def count(self, now: datetime) -> None:
        self.times = sorted(filter(None, [as_utc(row[0]) for row in self.rows]))
        until = bisect_right(self.times, now)
        self.counts = tuple(until - bisect_left(self.times, now - span, 0, until) for span in _SPANS)

    def record(self, catalog: Catalog, errors: ErrorTexts, text: object) -> FailureGroup:
        """Make the record; `text` is the error's of the newest failure as the database gave it."""
        hour, day, week = self.counts
        tenants, type_ = {row[3] for row in self.rows} - {None}, as_text(self.rows[0][2]) or ""
        return FailureGroup(
            self.group, type_, catalog.label(type_), visible(errors.shape(text), LINE), self.failures, hour, day, week,
            next(iter(self.times), None), next(reversed(self.times), None), len(tenants),
            self.example, visible(one_line(errors.read(text)), LINE),
        )  # fmt: skip


_SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))


def _gather(lists: Lists, rows: Sequence[Sequence[Any]]) -> list[_Gathered]:
    """Put rows, newest first, into groups."""
    found: dict[str, list[Sequence[Any]]] = defaultdict(list)
    groups = lists.groups.of(lists.database, [(row[1], row[2]) for row in rows])
    for group, row in zip(groups, rows, strict=True):
        found[group].append(row)
    return [_Gathered(group, members) for group, members in found.items()]
