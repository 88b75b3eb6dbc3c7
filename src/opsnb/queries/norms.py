"""What is usual for each type of operation: how long its recent successful runs took."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from threading import Thread
from typing import Any

from sqlalchemy import Select, bindparam, literal_column, select, true

from opsnb.database import Database
from opsnb.errors import DatabaseUnavailable, log
from opsnb.models import TimeBound, as_utc, operation_runs
from opsnb.queries.distinct import hops
from opsnb.queries.records import as_text
from opsnb.settings import Settings
from opsnb.stuck import Norm

MAX_TYPES = 200
NEWEST = 300
WINDOW = timedelta(days=30)
SECONDS = 300.0
THREAD = "opsnb-norms"
_SECOND = timedelta(seconds=1)


class Norms:
    """What is usual in a database, asked at most every `SECONDS`, and after the first time beside whoever wants it.

    Of each of the first `MAX_TYPES` types it looks at the `NEWEST` runs created within `WINDOW`, and takes those that
    succeeded; so its cost does not grow with the history. It needs the index on type and time.

    Parameters
    ----------
    settings
        Say how many times longer than usual is stuck, how many successes it takes to know, and the least limit.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[Database, tuple[float, tuple[Norm, ...]]] = {}

    def at(self, database: Database, now: datetime) -> tuple[Norm, ...]:
        """Give what was usual at `now` (tz-aware); none where the settings, the indexes or the time limit forbid."""
        if not self._settings.norm_factor:
            return ()
        known = self._known.get(database)
        if known is None:
            return self._keep(database, now)
        if time.monotonic() - known[0] > SECONDS:
            # Nobody's page waits for it: until the answer is there, what was usual before counts.
            self._known[database] = (time.monotonic(), known[1])
            Thread(target=self._keep, args=(database, now), name=THREAD, daemon=True).start()
        return known[1]

    def _keep(self, database: Database, now: datetime) -> tuple[Norm, ...]:
        found = self._ask(database, now)
        self._known[database] = (time.monotonic(), found)
        return found

    def _ask(self, database: Database, now: datetime) -> tuple[Norm, ...]:
        try:
            rows = _fetch(database, now) if "type" in database.leading else ()
        except DatabaseUnavailable as error:  # the limits hold without it
            log.warning("what is usual is not known: %s", error)
            return ()
        took = _durations(rows, now)
        sample = self._settings.norm_sample
        return tuple(self._norm(type_, sorted(spans)) for type_, spans in took.items() if len(spans) >= sample)

    def _norm(self, type_: str, spans: Sequence[timedelta]) -> Norm:
        usual = spans[-(-len(spans) * 95 // 100) - 1]
        limit = max(usual * self._settings.norm_factor, self._settings.norm_floor)
        return Norm(type_, usual, len(spans), -(-limit // _SECOND) * _SECOND)


def _durations(rows: Iterable[Any], now: datetime) -> dict[str, list[timedelta]]:
    """Collect by type how long runs took, but for those whose clocks disagree."""
    took: dict[str, list[timedelta]] = defaultdict(list)
    for row in rows:
        created, started, completed = (as_utc(value) for value in (row.created_at, row.started_at, row.completed_at))
        if created and started and completed and created <= started <= completed <= now:
            took[as_text(row.type) or ""].append(completed - started)
    return took


def _fetch(database: Database, now: datetime) -> Sequence[Any]:
    values = {"since": now - WINDOW, "now": now, "newest": NEWEST, "types": MAX_TYPES}
    return database.fetch(_statement(database.dialect), values)


@cache
def _statement(dialect: str) -> Select[Any]:
    kinds = hops(operation_runs.c.type, bindparam("types"))
    run = operation_runs.alias("run")
    newest = (
        select(run.c.id if dialect == "sqlite" else run)
        .where(
            run.c.type == kinds.c.value,
            run.c.created_at >= bindparam("since", type_=TimeBound()),
            run.c.created_at < bindparam("now", type_=TimeBound()),
        )
        .order_by(run.c.created_at.desc(), run.c.id.desc())
        .limit(bindparam("newest"))
        .correlate(kinds)
    )
    found: Any
    if dialect == "sqlite":  # which knows no LATERAL
        found = operation_runs
        joined = kinds.join(found, found.c.id.in_(newest))
    else:
        found = newest.lateral("found")
        joined = kinds.join(found, true())
    columns = (kinds.c.value.label("type"), found.c.created_at, found.c.started_at, found.c.completed_at)
    succeeded = (found.c.status == literal_column("'completed'"), found.c.outcome == literal_column("'succeeded'"))
    return select(*columns).select_from(joined).where(*succeeded)
