"""A search for what is common: the newest runs of a list are looked at before it is asked what the words stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, or_, select

from opsnb.database import Database
from opsnb.models import operation_runs
from opsnb.queries.conditions import hits
from opsnb.queries.filters import SEARCHED
from opsnb.queries.lists import Shape, in_order
from opsnb.queries.values import Values

NEWEST = 200  # runs that are looked at: where one in four is hit, these make a page
runs = operation_runs.c


class Glance(NamedTuple):
    """What was seen: `numbers` are None if more may be hit further on; `hit` are types and initiators of what was."""

    numbers: list[int] | None
    hit: Values


def glance(database: Database, searched: Shape, values: Mapping[str, Any], wanted: int) -> Glance:
    """Look for the first `wanted` runs of a list, from its cursor on, that a search hits.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    rows = database.fetch(_statement(searched), {**values, "limit": NEWEST})
    found = [run for run in rows if run[0]]
    hit = Values(*(frozenset(run[at] for run in found if run[at] is not None) for at in (2, 3)))
    numbers = [run[1] for run in found[:wanted]]
    return Glance(numbers if len(found) >= wanted or len(rows) < NEWEST else None, hit)


@lru_cache(maxsize=256)
def _statement(searched: Shape) -> Select[Any]:
    looked = replace(searched, names=searched.names - SEARCHED)
    columns = (runs.created_at, runs.id, runs.type, runs.initiator_name, runs.tenant_id)
    some = in_order(looked, columns).subquery("some")
    hit = or_(hits(some.c), *([some.c.id == bindparam("number")] if "number" in searched.names else []))
    statement = select(hit, some.c.id, some.c.type, some.c.initiator_name)
    return statement.order_by(*searched.sorted((some.c.created_at, some.c.id)))
