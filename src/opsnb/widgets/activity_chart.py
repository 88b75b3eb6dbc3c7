"""The chart above a list: how many operations were created in each hour or day, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from opsnb import links
from opsnb.bounds import shift
from opsnb.links import Links, Page
from opsnb.ops import Ops
from opsnb.queries import filters
from opsnb.queries.activity import Activity, Bucket
from opsnb.queries.filters import Filters
from opsnb.widgets.panel import Panel
from opsnb.widgets.view import asset, following
from opsnb.widgets.words import Payload

DAY = timedelta(days=1)
NARROW = timedelta(hours=6)  # a shorter window is shown among the hours around it
LONGEST = timedelta(days=366)
KINDS = Bucket._fields[1:]


class ActivityChart(Panel):
    """Operations by hour or day, each bar a link to the list of that time.

    Parameters
    ----------
    ops
        Whose operations.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a bar.
    """

    _esm = asset("activity_chart.js", "dom.js", "times.js", "bars.js")
    _css = asset("activity_chart.css", "bars.css")

    def __init__(self, ops: Ops, where: Links, go: Callable[[str], None]) -> None:
        super().__init__({"go": following(go)})
        self._ops, self._where = ops, where

    def show(self, page: Page, asked: Mapping[str, str], *, anew: bool) -> None:
        """Show the time around what a list with these filters shows; `anew` where somebody asks for it."""
        self.load((page, tuple(asked.items())), lambda: self._read(page, asked), anew=anew)

    def _read(self, page: Page, asked: Mapping[str, str]) -> Payload:
        now = self._ops.now()
        wanted = filters.read(asked, now)
        since, until = window(wanted, now)
        # Beside the failures stand all others, which tell how many were to be expected.
        failures = bool(wanted.unhandled or wanted.group)
        rest = {name: value for name, value in asked.items() if name not in ("since", "until")}
        found = self._ops.activity(Page.FAILURES if failures else Page.RUNS, **rest, since=since, until=until)
        of = "Failures" if failures else "Operations" if page is Page.RUNS else "All operations"
        bars = [self._bar(page, rest, wanted, *span) for span in spans(found)]
        narrowed = not all(bar["marked"] for bar in bars)
        return {
            "name": f"{of} by {found.every}" + (", of the newest failures alone" if found.note else ""),
            "every": found.every,
            "kinds": [{"name": k, "text": k.replace("_", " ")} for k in KINDS if any(k in b["counts"] for b in bars)],
            "bars": [{**bar, "marked": narrowed and bar["marked"]} for bar in bars],
            "total": sum(bucket.total for bucket in found.buckets),
            "since": iso(found.since),
            "until": iso(found.until),
            "now": iso(found.as_of),
            "error": "",
        }

    def _bar(
        self, page: Page, rest: Mapping[str, str], wanted: Filters, bucket: Bucket, start: datetime, end: datetime
    ) -> Payload:
        chosen = (wanted.since, wanted.until) == (start, end)
        bounds = {} if chosen else {"since": iso(start), "until": iso(end)}
        address = links.page(page, {**rest, **bounds})
        return {
            "start": iso(start),
            "end": iso(end),
            "counts": {kind: getattr(bucket, kind) for kind in KINDS if getattr(bucket, kind)},
            "address": address,
            "href": self._where.href(address),
            "marked": _overlap(wanted, start, end),
        }


def window(wanted: Filters, now: datetime) -> tuple[datetime, datetime | None]:
    """Give the time to show, tz-aware UTC: that of the filters, else the last day; a narrow one with its surroundings.

    Without an end it lasts until `now`.
    """
    until = wanted.until
    end = until or now
    since = wanted.since or shift(end, -DAY)
    if end - since > NARROW:
        return max(since, shift(end, -LONGEST)), until
    if since >= now - DAY:
        return now - DAY, None
    first = since.replace(hour=0, minute=0, second=0, microsecond=0)
    return first, shift(first, DAY * (1 + (end - first - timedelta.resolution) // DAY))


def spans(found: Activity) -> Iterator[tuple[Bucket, datetime, datetime]]:
    """Give each bucket with its bounds; the window cuts the first and the last."""
    starts = [found.since, *(bucket.start for bucket in found.buckets[1:]), found.until]
    for bucket, (start, end) in zip(found.buckets, pairwise(starts), strict=True):
        yield bucket, start, end


def iso(when: datetime) -> str:
    """Write a time as an address holds it; fractions of a second only where it has some."""
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _overlap(wanted: Filters, start: datetime, end: datetime) -> bool:
    return (wanted.since is None or wanted.since < end) and (wanted.until is None or start < wanted.until)
