"""The statements of the lists: limit first and join after, so that a page costs the same whatever the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Label,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from opsnb.links import Page
from opsnb.models import Timestamp, operation_runs
from opsnb.queries.columns import looked_up, own_columns
from opsnb.queries.conditions import any_of, column_for, conditions
from opsnb.queries.handled import unhandled
from opsnb.queries.records import LISTED
from opsnb.queries.stuck_in_sql import predicate
from opsnb.stuck import Classifier

runs = operation_runs.c


@dataclass(frozen=True)
class Shape:
    """All that a list's statement depends on; one statement serves every value bound to it.

    `names` are the set fields of `Filters`; `direction` is "first", "after" (older than the cursor) or "before",
    and either with " undated" where the cursor's row has no time and such rows come first.
    `retries` says that an index makes it cheap to find what retried a run, `among_few` that one of the filters matches
    few runs, whose ids are known, `ordered` that SQLite has an index with the list's order.
    """

    page: Page
    names: frozenset[str]
    status: tuple[str, ...]
    outcome: tuple[str, ...]
    classifier: Classifier
    dialect: str
    direction: str = "first"
    retries: bool = False
    error_paths: tuple[str, ...] = ()
    among_few: bool = False
    ordered: bool = False

    @property
    def is_short(self) -> bool:
        """Whether the list has a short index of its own, whatever the filters."""
        return self.page is Page.STUCK or self.is_live or self.outcome == ("pending",)

    @property
    def is_live(self) -> bool:
        """Whether one of the states is wanted in which a run still lives."""
        return self.status in (("queued",), ("running",))

    @property
    def goes_back_up(self) -> bool:
        """Whether the oldest come first, since what is newer than a cursor is wanted."""
        return self.direction.startswith("before")

    def sorted(self, columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """Write columns as the list is sorted by them."""
        return [column.asc() if self.goes_back_up else column.desc() for column in columns]


def wheres(shape: Shape) -> list[ColumnElement[bool]]:
    """Write what makes a run one of the list's, its filters included."""
    open_ = [unhandled(shape.dialect, retries=shape.retries)] if "unhandled" in shape.names else []
    return [*_before_triage(shape), *open_]


def among(name: str, dialect: str) -> ColumnElement[bool]:
    """Write that a run is one of those whose numbers are bound (see `sent`); as a table, each is looked up."""
    if dialect == "sqlite":
        return runs.id.in_(select(literal_column("value")).select_from(func.json_each(bindparam(name))))
    return runs.id.in_(select(func.unnest(bindparam(name, type_=ARRAY(BigInteger)))))


def _before_triage(shape: Shape) -> list[ColumnElement[bool]]:
    """Write the same without asking whether a failure is handled."""
    failed = shape.page is Page.FAILURES or bool(shape.names & {"unhandled", "group"})
    if failed and not _may_be(shape):
        return [false()]  # SQLite would look for it
    states = _states(shape, ("completed",), ("failed",)) if failed else _states(shape, shape.status, shape.outcome)
    stuck = [predicate(shape.classifier, operation_runs, shape.dialect)] if shape.page is Page.STUCK else []
    members = [among("members", shape.dialect)] if "group" in shape.names else []
    few = [among("few", shape.dialect)] if shape.among_few else []
    is_sqlite = shape.dialect == "sqlite"
    filtered = conditions(shape.names, aside=is_sqlite and (shape.is_short or shape.among_few), said_aside=is_sqlite)
    return [*states, *filtered, *stuck, *members, *few]


def _states(shape: Shape, status: tuple[str, ...], outcome: tuple[str, ...]) -> list[ColumnElement[bool]]:
    """Write what states are wanted; SQLite is to take an index for that alone which makes the list short."""
    led = shape.page is Page.STUCK or shape.among_few
    columns = (
        (
            column_for(runs.status, aside=led or (shape.is_short and not shape.is_live)),
            column_for(runs.outcome, aside=led or shape.is_live),
        )
        if shape.dialect == "sqlite"
        else (runs.status, runs.outcome)
    )
    wanted = zip(columns, (status, outcome), strict=True)
    return [one for column, values in wanted for one in any_of(column, values, shape.dialect)]


def _may_be(shape: Shape) -> bool:
    """Whether a failure may have the status and the outcome that are wanted; then it has them."""
    return (not shape.status or "completed" in shape.status) and (not shape.outcome or "failed" in shape.outcome)


@lru_cache(maxsize=1024)
def page_statement(shape: Shape) -> Select[Any]:
    """Give the one statement of a page; open are :limit, the cursor's and the filters' values."""
    if shape.ordered and not shape.names:
        # Nothing is sorted, and so SQLite looks up nothing beyond the limit.
        return in_order(shape, [*columns_of(shape), *_looked_up(shape, operation_runs)])
    page = in_order(shape, columns_of(shape)).subquery("page")
    return with_names(shape, page, not shape.goes_back_up)


@lru_cache(maxsize=1024)
def keys_statement(shape: Shape) -> Select[Any]:
    """Give the key, the type and the tenant of a list's runs; open are the same as of a page."""
    return in_order(shape, [runs.created_at, runs.id, runs.type, runs.tenant_id])


def in_order(shape: Shape, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Select columns of a list's runs, in its order from the cursor on; open are the same as of a page."""
    wanted = select(*columns).where(*wheres(shape), *_beyond(shape.direction))
    return wanted.order_by(*shape.sorted((runs.created_at, runs.id))).limit(bindparam("limit"))


def onward(direction: str, created_at: object, is_sqlite: bool) -> str:
    """Give the direction of a statement that goes on from a row."""
    return f"{direction} undated" if created_at is None and not is_sqlite else direction


def _beyond(direction: str) -> list[ColumnElement[bool]]:
    position = tuple_(runs.created_at, runs.id)
    cursor = tuple_(bindparam("cursor_created", type_=Timestamp()), bindparam("cursor_id"))
    number: ColumnElement[int] = bindparam("cursor_id")
    without = runs.created_at.is_(None)
    beyond: dict[str, list[ColumnElement[bool]]] = {
        "first": [],
        "after": [position < cursor],
        "before": [position > cursor],
        # PostgreSQL puts what has no time before everything else, and no comparison finds the way on from there.
        "after undated": [or_(and_(without, runs.id < number), runs.created_at.is_not(None))],
        "before undated": [without, runs.id > number],
    }
    return beyond[direction]


def columns_of(shape: Shape) -> list[ColumnElement[Any]]:
    """Give the columns that a row of the list is made of by itself, as `LISTED` has them."""
    return own_columns(shape.dialect, shape.error_paths if shape.page is Page.FAILURES else ())


def with_names(shape: Shape, page: Any, newest_first: bool, *more: ColumnElement[Any]) -> Select[Any]:
    """Add to the rows of `page` what is looked up for those alone; `more` columns of it come last."""
    order = (page.c.created_at, page.c.id)
    own = [column for column in page.c if column.name in LISTED]
    found = select(*own, *_looked_up(shape, page), *more)
    return found.order_by(*(column.desc() if newest_first else column.asc() for column in order))


def _looked_up(shape: Shape, page: Any) -> list[Label[Any]]:
    return looked_up(page, shape.dialect, retries=shape.retries)


@lru_cache(maxsize=1024)
def count_statement(shape: Shape) -> Select[Any]:
    """Count a list's rows, but no further than :limit."""
    some: Select[Any] = select(literal_column("1")).select_from(operation_runs).where(*wheres(shape))
    if shape.names and shape.dialect == "postgresql":
        # By the page's index: what it takes for common may be far from where the table begins.
        some = some.order_by(runs.created_at.desc(), runs.id.desc())
    return select(func.count()).select_from(some.limit(bindparam("limit")).subquery("some"))


@lru_cache(maxsize=1024)
def handled_statement(shape: Shape) -> Select[Any]:
    """Count the newest :limit failures of a list, and those of them that are handled."""
    handled = case((unhandled(shape.dialect, retries=shape.retries), 0), else_=1).label("handled")
    newest = (
        select(handled)
        .select_from(operation_runs)
        .where(*_before_triage(shape))
        .order_by(runs.created_at.desc(), runs.id.desc())
    )
    some = newest.limit(bindparam("limit")).subquery("some")
    counted = func.count().label("failures"), func.coalesce(func.sum(some.c.handled), 0).label("handled")
    return select(*counted).select_from(some)
