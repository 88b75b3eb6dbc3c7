"""The rule of stuck runs as a condition of a statement: it leaves open the cutoffs, which move with the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

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

from opsnb.models import Status, Timestamp, Words, write_json
from opsnb.sqlitetimes import Style
from opsnb.stuck import Classifier


def predicate(rule: Classifier, runs: Table, dialect: str) -> ColumnElement[bool]:
    """Write what `Classifier.classify` says; open are the values that `parameters` gives."""
    # Status values stand as literals: SQLite uses a partial index only for a constant it can see.
    queued: ColumnElement[str] = literal_column("'queued'")
    running: ColumnElement[str] = literal_column("'running'")
    queued_cut, running_cut = (_cutoff(rule, status, runs, dialect) for status in (Status.QUEUED, Status.RUNNING))
    created = runs.c.created_at
    later = (func.max if dialect == "sqlite" else func.greatest)(created, func.coalesce(runs.c.started_at, created))
    stuck = or_(
        later < _cut("earliest", dialect),  # whatever its type, so that most need not be asked for it
        and_(runs.c.status == queued, created < queued_cut),
        and_(runs.c.status == running, later < running_cut),
    )
    # As a case PostgreSQL expects as many whatever the cutoffs are, and so it keeps the plan.
    return and_(
        runs.c.status.in_([queued, running]), created < _cut("latest", dialect), case((stuck, true()), else_=false())
    )


def parameters(rule: Classifier, now: datetime, dialect: str, write: Style) -> dict[str, Any]:
    """Give the values of `predicate` at `now` (tz-aware); SQLite gets times as `write` has them."""
    if dialect == "postgresql":
        return {**{name: now - limit for name, limit in _outer(rule).items()}, **_written(rule), "cut_now": now}
    when = now.astimezone(UTC).replace(tzinfo=None)  # without a zone they are written more quickly
    return {name: write(when - limit) for name, limit in _cuts(rule).items()}


@lru_cache(maxsize=8)
def _outer(rule: Classifier) -> dict[str, timedelta]:
    defaults = {f"cut_{status}_default": limits.default for status, limits in rule.bounds.items()}
    every = [limit for limits in rule.bounds.values() for limit in (*limits.by_type.values(), limits.default)]
    return {**defaults, "cut_latest": min(every), "cut_earliest": max(every)}


@lru_cache(maxsize=8)
def _cuts(rule: Classifier) -> dict[str, timedelta]:
    own = {
        f"cut_{_name(status, limit)}": limit
        for status, limits in rule.bounds.items()
        for limit in limits.by_type.values()
    }
    return {**_outer(rule), **own}


@lru_cache(maxsize=8)
def _written(rule: Classifier) -> dict[str, str]:
    return {
        f"{status}_limits": write_json({type_: limit.total_seconds() for type_, limit in limits.by_type.items()})
        for status, limits in rule.bounds.items()
    }


def _cutoff(rule: Classifier, status: Status, runs: Table, dialect: str) -> ColumnElement[Any]:
    default = _cut(f"{status}_default", dialect)
    # As text: a column of an enum type refuses to be compared with a type that it does not know.
    type_ = cast(runs.c.type, Text)
    if dialect == "postgresql":  # all in one value: its driver takes its time for each
        written = cast(bindparam(f"{status}_limits", type_=Words), JSONB)
        seconds = cast(written.op("->>")(type_), Double)
        return func.coalesce(_cut("now", dialect) - seconds * literal_column("interval '1 second'"), default)
    limits = rule.bounds[status].by_type.items()
    whens = [(bindparam(None, name, type_=Text), _cut(_name(status, limit), dialect)) for name, limit in limits]
    return case(*whens, value=type_, else_=default) if whens else default


def _name(status: str, limit: timedelta) -> str:
    return f"{status}_{round(limit.total_seconds())}"


def _cut(name: str, dialect: str) -> ColumnElement[Any]:
    # What is written already is not to be looked at again, for these are many.
    return bindparam(f"cut_{name}", type_=Text() if dialect == "sqlite" else Timestamp())
