"""The rule of stuck runs: limits by status and type, and what is usual; `opsnb.queries.stuck_in_sql` asks it of SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

from opsnb.catalog import Catalog
from opsnb.models import Status
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
        return _label(*self)

    @property
    def sentence(self) -> str:
        """Say it beside what is usual: ``"Running 2 h 14 min; 95 % of 212 recent runs took under 13 min"``."""
        if self.norm is None:
            return self.label
        so_long = f"{self.status.capitalize()} {duration(self.elapsed)}"
        return f"{so_long}; 95 % of {self.norm.sample} recent runs took under {self.norm.under}"


def _label(status: Status, elapsed: timedelta, limit: timedelta, norm: Norm | None) -> str:
    return f"{status.capitalize()} {duration(elapsed)}, {_beyond(limit, norm if elapsed <= limit else None)}"


def _beyond(limit: timedelta, norm: Norm | None) -> str:
    return f"usually under {norm.under}" if norm else f"limit {_short(limit)}"


@lru_cache(maxsize=1024)
def _short(limit: timedelta) -> str:
    text = duration(limit)
    return text.removesuffix(" 00 s").removesuffix(" 00 min")


class Limits(NamedTuple):
    """How long a run may sit in one status: `by_type`, and the `default` of all others."""

    by_type: dict[str, timedelta]
    default: timedelta

    def of(self, type_: str) -> timedelta:
        """Give the limit of a type."""
        return self.by_type.get(type_, self.default)


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

    def with_norms(self, norms: tuple[Norm, ...]) -> Classifier:
        """Give the same rule with what is usual for each type."""
        return replace(self, norms=norms)

    @cached_property
    def _limits(self) -> dict[Status, Limits]:
        return {
            Status.QUEUED: Limits(dict(self.queued), self.queued_default),
            Status.RUNNING: Limits(dict(self.running), self.running_default),
        }

    @cached_property
    def _norm_of(self) -> dict[str, Norm]:
        return {norm.type: norm for norm in self.norms}

    @cached_property
    def bounds(self) -> dict[Status, Limits]:
        """How long a run is let alone: its limit, or its norm's where that is the shorter one."""
        normal = {Status.QUEUED: (), Status.RUNNING: self._norm_of}
        return {
            status: Limits({t: self._bound(status, t)[0] for t in (*limits.by_type, *normal[status])}, limits.default)
            for status, limits in self._limits.items()
        }

    @cached_property
    def _bound(self) -> Callable[[Status, str], tuple[timedelta, timedelta, Norm | None]]:
        return lru_cache(maxsize=1024)(self._find_bound)  # a list has few types, and many runs of them

    def _find_bound(self, status: Status, type_: str) -> tuple[timedelta, timedelta, Norm | None]:
        limit = self._limits[status].of(type_)
        norm = self._norm_of.get(type_) if status is Status.RUNNING else None
        return (min(limit, norm.limit) if norm else limit), limit, norm

    def classify(self, run: Timed, now: datetime) -> StuckClass | None:
        """Say why `run` is stuck at `now` (tz-aware), or None where it is not."""
        found = self._why(now, run.status, run.type, run.created_at, run.started_at)
        return StuckClass(*found) if found else None

    def labels(self, now: datetime) -> Callable[[str, str, datetime | None, datetime | None], str | None]:
        """Give what labels a run at `now`, by status, type, created_at and started_at; None if it is not stuck."""
        saying = self._saying

        def label(status: str, type_: str, created: datetime | None, started: datetime | None) -> str | None:
            if status not in _LIVE or created is None:
                return None
            bound, limit, verb, within, beyond = saying(status, type_)
            since = started if started and status == _RUNNING else created
            elapsed = now - since
            if elapsed > bound and (since is created or now - created > bound):
                return f"{verb} {duration(elapsed)}, {within if elapsed <= limit else beyond}"
            return None

        return label

    @cached_property
    def _saying(self) -> Callable[[str, str], tuple[timedelta, timedelta, str, str, str]]:
        """Give for a status and a type the bound, the limit, and what `_label` says around how long it has been."""
        return lru_cache(maxsize=1024)(self._find_saying)

    def _find_saying(self, status: str, type_: str) -> tuple[timedelta, timedelta, str, str, str]:
        bound, limit, norm = self._bound(_LIVE[status], type_)
        return bound, limit, status.capitalize(), _beyond(limit, norm), _beyond(limit, None)

    def _why(
        self, now: datetime, status: str, type_: str, created: datetime | None, started: datetime | None
    ) -> tuple[Status, timedelta, timedelta, Norm | None] | None:
        live = _LIVE.get(status)
        if live is None or created is None:
            return None
        bound, limit, norm = self._bound(live, type_)
        since = started if started and live is Status.RUNNING else created
        cutoff = now - bound
        return (live, now - since, limit, norm) if created < cutoff and since < cutoff else None


_RUNNING = Status.RUNNING.value
_LIVE = {status.value: status for status in (Status.QUEUED, Status.RUNNING)}
