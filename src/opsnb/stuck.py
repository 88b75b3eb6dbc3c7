"""The classifier of stuck runs: one rule, as a predicate for the database and as a function of (run, now)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from sqlalchemy import (
    ColumnElement,
    Double,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from opsnb.catalog import Catalog
from opsnb.models import Status, Timestamp, Words
from opsnb.settings import Settings
from opsnb.text import duration


class Timed(Protocol):
    """What of a run the rule looks at; times are tz-aware UTC."""

    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def created_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def started_at(self) -> datetime | None: ...  # noqa: D102


@dataclass(frozen=True)
class Norm:
    """How long the recent successful runs of a type took.

    Parameters
    ----------
    type
        Of which type.
    usual
        95 % of them took no longer.
    sample
        How many they are.
    limit
        How long a run of this type may run by this norm, in whole seconds.
    """

    type: str
    usual: timedelta
    sample: int
    limit: timedelta

    @cached_property
    def under(self) -> str:
        """Say what 95 % of them took less than: ``"13 min"``, in whole seconds or, from two minutes on, in minutes."""
        step = timedelta(seconds=1) if self.usual < timedelta(minutes=2) else timedelta(minutes=1)
        return _short((self.usual // step + 1) * step)


class StuckClass(NamedTuple):
    """Why a run counts as stuck.

    Parameters
    ----------
    status
        In which it sits.
    elapsed
        For how long.
    limit
        How long the settings let a run of its type do so.
    norm
        How long runs of its type usually take; None for a queued run, and where that is not known.
    """

    status: Status
    elapsed: timedelta
    limit: timedelta
    norm: Norm | None = None

    @property
    def label(self) -> str:
        """Say it in short: ``"Running 2 h 14 min, limit 30 min"``; within the limit ``"…, usually under 13 min"``."""
        if self.norm and self.elapsed <= self.limit:
            return f"{self._so_long}, usually under {self.norm.under}"
        return f"{self._so_long}, limit {_short(self.limit)}"

    @property
    def sentence(self) -> str:
        """Say it beside what is usual: ``"Running 2 h 14 min; 95 % of 212 recent runs took under 13 min"``."""
        if self.norm is None:
            return self.label
        return f"{self._so_long}; 95 % of {self.norm.sample} recent runs took under {self.norm.under}"

    @property
    def _so_long(self) -> str:
        return f"{self.status.capitalize()} {duration(self.elapsed)}"


@lru_cache(maxsize=1024)
def _short(limit: timedelta) -> str:
    text = duration(limit)
    return text.removesuffix(" 00 s").removesuffix(" 00 min")


@dataclass(frozen=True)
class Classifier:
    """A run is stuck if it has been queued since created_at, or running since started_at, longer than its limit.

    A running run is stuck also if it has been running longer than the norm of its type allows, where there is one.
    A running run that has no started_at counts from created_at. Because a run cannot start before it exists, a
    running run must also have been created longer ago than its limit: where clocks disagree this bound decides, and
    it lets the database stop early.

    Parameters
    ----------
    queued, running
        Limits by type, for the types that set one.
    queued_default, running_default
        The limits of all others.
    norms
        What is usual, for the types of which that is known.
    """

    queued: tuple[tuple[str, timedelta], ...]
    running: tuple[tuple[str, timedelta], ...]
    queued_default: timedelta
    running_default: timedelta
    norms: tuple[Norm, ...] = ()

    @classmethod
    def build(cls, catalog: Catalog, settings: Settings) -> Classifier:
        """Take the limits of `catalog` over the defaults of `settings`."""
        rows = catalog.values()
        return cls(
            tuple((row.type, row.queued_limit) for row in rows if row.queued_limit is not None),
            tuple((row.type, row.running_limit) for row in rows if row.running_limit is not None),
            settings.queued_limit,
            settings.running_limit,
        )

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.queued, self.running, self.queued_default, self.running_default, self.norms))

    @cached_property
    def _limits(self) -> dict[str, tuple[dict[str, timedelta], timedelta]]:
        return {
            Status.QUEUED: (dict(self.queued), self.queued_default),
            Status.RUNNING: (dict(self.running), self.running_default),
        }

    @cached_property
    def _norm_of(self) -> dict[str, Norm]:
        return {norm.type: norm for norm in self.norms}

    def limit(self, status: str, type_: str) -> timedelta | None:
        """How long a run of this type may sit in this status; None for a status that cannot be stuck."""
        found = self._limits.get(status)
        return found[0].get(type_, found[1]) if found else None

    def with_norms(self, norms: tuple[Norm, ...]) -> Classifier:
        """Give the same rule with what is usual for each type."""
        return replace(self, norms=norms)

    def classify(self, run: Timed, now: datetime) -> StuckClass | None:
        """Say why `run` is stuck at `now` (tz-aware), or None where it is not."""
        limit = self.limit(run.status, run.type)
        if limit is None or run.created_at is None:
            return None
        running = run.status == Status.RUNNING
        norm = self._norm_of.get(run.type) if running else None
        since = run.started_at if running and run.started_at else run.created_at
        cutoff = now - (min(limit, norm.limit) if norm else limit)
        if run.created_at < cutoff and since < cutoff:
            return StuckClass(_STATUS[run.status], now - since, limit, norm)
        return None

    def predicate(self, runs: Table, dialect: str) -> ColumnElement[bool]:
        """Write the same rule for the database; its cutoffs are the bound parameters that `parameters` gives."""
        # Status values stand as literals: SQLite uses a partial index only for a constant it can see.
        queued: ColumnElement[str] = literal_column("'queued'")
        running: ColumnElement[str] = literal_column("'running'")
        queued_cut, running_cut = (self._cutoff(runs, status, dialect) for status in ("queued", "running"))
        created, earliest = runs.c.created_at, _cut("earliest")
        since = func.coalesce(runs.c.started_at, created)
        stuck = or_(
            and_(created < earliest, since < earliest),  # whatever its type, so that most need not be asked for it
            and_(runs.c.status == queued, created < queued_cut),
            and_(runs.c.status == running, created < running_cut, since < running_cut),
        )
        # As a case PostgreSQL expects as many whatever the cutoffs are, and so it keeps the plan.
        return and_(
            runs.c.status.in_([queued, running]), created < _cut("latest"), case((stuck, true()), else_=false())
        )

    def parameters(self, now: datetime) -> dict[str, Any]:
        """Give the cutoffs of `predicate` at `now` (tz-aware)."""
        return {name: now - limit for name, limit in self._cuts.items()} | {"cut_now": now} | self._written

    @cached_property
    def _written(self) -> dict[str, str]:
        return {
            f"{status}_limits": json.dumps({name: limit.total_seconds() for name, limit in limits})
            for status, limits in self._by_status.items()
        }

    @cached_property
    def _by_status(self) -> dict[str, tuple[tuple[str, timedelta], ...]]:
        return {"queued": self.queued, "running": self._running}

    @cached_property
    def _cuts(self) -> dict[str, timedelta]:
        cuts = {
            "cut_queued_default": self.queued_default,
            "cut_running_default": self.running_default,
            **{f"cut_{_name('queued', limit)}": limit for _, limit in self.queued},
            **{f"cut_{_name('running', limit)}": limit for _, limit in self._running},
        }
        return {**cuts, "cut_latest": min(cuts.values()), "cut_earliest": max(cuts.values())}

    @cached_property
    def _running(self) -> tuple[tuple[str, timedelta], ...]:
        """Limits of running runs by type, the norm's where that is the shorter one."""
        fixed = dict(self.running)
        usual = {norm.type: min(norm.limit, fixed.get(norm.type, self.running_default)) for norm in self.norms}
        return tuple((fixed | usual).items())

    def _cutoff(self, runs: Table, status: str, dialect: str) -> ColumnElement[Any]:
        limits, default = self._by_status[status], _cut(f"{status}_default")
        # As text: a column of an enum type refuses to be compared with a type that it does not know.
        type_ = cast(runs.c.type, Text)
        if dialect == "postgresql":  # all in one value: its driver takes its time for each
            written = cast(bindparam(f"{status}_limits", type_=Words), JSONB)
            seconds = cast(written.op("->>")(type_), Double)
            return func.coalesce(_cut("now") - func.make_interval(0, 0, 0, 0, 0, 0, seconds), default)
        by_limit = groupby(sorted(limits, key=lambda pair: pair[1]), key=lambda pair: pair[1])
        # One by one, so that the statement is the same text whatever its values are.
        kinds = [([bindparam(None, name, type_=Text) for name, _ in pairs], limit) for limit, pairs in by_limit]
        whens = [(type_.in_(kind), _cut(_name(status, limit))) for kind, limit in kinds]
        return case(*whens, else_=default) if whens else default


_STATUS = {status.value: status for status in Status}


def _name(status: str, limit: timedelta) -> str:
    return f"{status}_{round(limit.total_seconds())}"


def _cut(name: str) -> ColumnElement[Any]:
    return bindparam(f"cut_{name}", type_=Timestamp())
