"""The last runs of one type before a run, and the run itself: was it slow, and did it fail, before?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, bindparam, select, tuple_

from opsnb.database import Database
from opsnb.models import Status, as_utc, operation_runs
from opsnb.queries.records import RunRow, as_text, timing

if TYPE_CHECKING:
    import pandas as pd

LIMIT = 60


class PastRun(NamedTuple):
    """One run of the type; `this` marks the one that was asked for, times are tz-aware UTC.

    `queued_for` and `ran_for` are None where unknown and negative where clocks disagree; an open phase of a run that is
    queued or running lasts until the moment shown.
    """

    id: int
    status: str
    outcome: str
    created_at: datetime | None
    queued_for: timedelta | None
    ran_for: timedelta | None
    this: bool


@dataclass(frozen=True)
class TypeHistory:
    """The last runs of a type up to one run, oldest first.

    Parameters
    ----------
    type, label
        The type, and what the catalog calls it.
    runs
        The run itself comes last.
    as_of
        What moment it shows, tz-aware UTC.
    """

    type: str
    label: str
    runs: Sequence[PastRun]
    as_of: datetime

    def to_frame(self) -> pd.DataFrame:
        """Give one row a run: times tz-aware UTC, phases ``timedelta64[us]``."""
        from opsnb.queries.frames import frame

        return frame(self.runs, PastRun)

    def __repr__(self) -> str:
        return f"{self.label}: the last {len(self.runs)} up to Operation #{self.runs[-1].id}"


def read_history(database: Database, run: RunRow, now: datetime, limit: int) -> TypeHistory:
    """Read the last `limit` runs of the type of `run` up to itself, at `now` (tz-aware), in one statement.

    A run whose time is unknown has no runs before it.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    found: Sequence[Any] = database.fetch(_statement(), {"id": run.id, "limit": limit})
    rows = found[::-1] or [run]
    return TypeHistory(run.type, run.label, [_past(row, run.id, now) for row in rows], now)


def _past(row: Any, number: int, now: datetime) -> PastRun:
    created, status = as_utc(row.created_at), as_text(row.status) or ""
    end = None if status == Status.COMPLETED else now
    phases = timing(created, as_utc(row.started_at), as_utc(row.completed_at), end)
    return PastRun(row.id, status, as_text(row.outcome) or "", created, *phases, row.id == number)


@cache
def _statement() -> Select[Any]:
    runs, this = operation_runs.c, operation_runs.alias("this")
    here = this.c.id == bindparam("id")
    key = select(this.c.created_at, this.c.id).where(here).scalar_subquery()
    own_type = select(this.c.type).where(here).scalar_subquery()
    columns = (runs.id, runs.status, runs.outcome, runs.created_at, runs.started_at, runs.completed_at)
    past = select(*columns).where(runs.type == own_type, tuple_(runs.created_at, runs.id) <= key)
    return past.order_by(runs.created_at.desc(), runs.id.desc()).limit(bindparam("limit"))
