"""What has become of the rows that somebody looks at, and how many more the list would show them by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal_column, select, true, tuple_

from opsnb.links import Page
from opsnb.models import Timestamp, operation_runs
from opsnb.queries import cursors
from opsnb.queries.filters import Filters
from opsnb.queries.leads import sent
from opsnb.queries.lists import Shape, columns_of, wheres, with_names
from opsnb.queries.members import WINDOW, members_of, unfiltered
from opsnb.queries.pages import Lists
from opsnb.queries.records import RunRow
from opsnb.queries.run_page import Count, RunPage

NEW_CAP = 99
runs = operation_runs.c


@dataclass(frozen=True)
class PageUpdate:
    """What has changed on a page of a list since it was read.

    Parameters
    ----------
    rows
        The page's operations as they are now, by number; one that was removed is missing.
    left
        Numbers of those that the list would not show any more.
    new
        How many the list has within the page's bounds that the page does not show, counted up to `NEW_CAP`.
    as_of, behind, instead
        As for `RunPage`.
    """

    rows: Mapping[int, RunRow]
    left: frozenset[int]
    new: Count
    as_of: datetime
    behind: timedelta = timedelta(0)
    instead: str = ""


def read_update(lists: Lists, shown: RunPage, filters: Filters, now: datetime) -> PageUpdate:
    """Read at `now` (tz-aware) what has changed on the page `shown`, a list's with these `filters`.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    numbers = [row.id for row in shown.rows]
    shape, values = lists.led(lists.shape(shown.page, filters), lists.plain_values(shown.page, filters, now))
    if filters.group:
        runs_shown = [(row.id, row.type) for row in shown.rows]
        groups = lists.groups.of(lists.database, runs_shown)
        own = [number for number, group in zip(numbers, groups, strict=True) if group == filters.group]
        values["members"] = sent(lists.database, own)
    found = lists.database.fetch(_rows_statement(shape), {**values, "shown": numbers}) if numbers else []
    rows = {row.id: row for row in lists.rows([row[:-1] for row in found], shown.page, now)}
    listed = {row.id for row in found if row.listed}
    return PageUpdate(rows, frozenset(numbers) - listed, _count_new(lists, shown, shape, values, filters.group), now)


def _count_new(lists: Lists, shown: RunPage, shape: Shape, values: Mapping[str, Any], group: str | None) -> Count:
    """Count within the page's bounds: below its last row is the next page, above its first row are newer ones.

    For a group the newest `WINDOW` failures within the bounds are looked at.
    """
    bounds: dict[str, Any] = {}
    for name, cursor in (("bottom", shown.next), ("top", shown.previous)):
        if cursor is not None:
            key = cursors.read(cursor, as_text=lists.database.is_sqlite)
            bounds |= {f"{name}_created": key.created_at, f"{name}_id": key.id}
    within = (shown.next is not None, shown.previous is not None)
    values = {**values, **bounds, "shown": [row.id for row in shown.rows]}
    if group and shape.page is Page.STUCK:
        found = 0  # what has failed is not stuck
    elif group:
        rows = lists.database.fetch(_new_keys_statement(unfiltered(shape), *within), {**values, "limit": WINDOW})
        found = len(members_of(lists.database, lists.groups, rows, group))
    else:
        ((found,),) = lists.database.fetch(_new_statement(shape, *within), {**values, "limit": NEW_CAP + 1})
    return Count(found, cap=NEW_CAP)


def _shown() -> Any:
    return bindparam("shown", expanding=True)


@lru_cache(maxsize=256)
def _rows_statement(shape: Shape) -> Select[Any]:
    listed = case((and_(true(), *wheres(shape)), 1), else_=0).label("listed")
    page = select(*columns_of(shape), listed).where(runs.id.in_(_shown())).subquery("page")
    return with_names(shape, page, True, page.c.listed)


@lru_cache(maxsize=256)
def _new_statement(shape: Shape, below: bool, above: bool) -> Select[Any]:
    some: Select[Any] = select(literal_column("1")).select_from(operation_runs)
    some = some.where(*wheres(shape), *_within(below, above))
    return select(func.count()).select_from(some.limit(bindparam("limit")).subquery("some"))


@lru_cache(maxsize=256)
def _new_keys_statement(shape: Shape, below: bool, above: bool) -> Select[Any]:
    found = select(runs.created_at, runs.id, runs.type).where(*wheres(shape), *_within(below, above))
    return found.order_by(runs.created_at.desc(), runs.id.desc()).limit(bindparam("limit"))


def _within(below: bool, above: bool) -> list[ColumnElement[bool]]:
    """Write that a run stands between the bounds of a page, and is none of those shown."""
    position = tuple_(runs.created_at, runs.id)
    within: list[ColumnElement[bool]] = [runs.id.not_in(_shown())]
    if below:
        within.append(position > _bound("bottom"))
    if above:
        within.append(position < _bound("top"))
    return within


def _bound(name: str) -> Any:
    return tuple_(bindparam(f"{name}_created", type_=Timestamp()), bindparam(f"{name}_id"))
