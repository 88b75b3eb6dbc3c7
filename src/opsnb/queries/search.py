"""What a search stands for: the few values that it hits, each of which an index leads to, whatever the history."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, literal_column, or_, select, union_all

from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.models import operation_runs, tenants, workspaces
from opsnb.prepared import Rows
from opsnb.queries.conditions import contains, like, parameters
from opsnb.queries.distinct import hops
from opsnb.queries.filters import Filters
from opsnb.queries.leads import find_few

MOST = 200  # values of a kind; what hits more of them is common, and found on the way
VALUES = 5_000  # different ones of a column that are looked through
runs = operation_runs.c
_LOOKED_THROUGH = {"type", "initiator_name", "tenant_id"}


def resolve(database: Database, catalog: Catalog, filters: Filters) -> Filters:
    """Put numbers in the place of names, and values in the place of words, as far as there are few of them.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    for table, name in ((workspaces, "workspace"), (tenants, "tenant")):
        filters = _numbered(database, filters, table, name)
    return _said(database, catalog, filters) if filters.words else filters


def _numbered(database: Database, filters: Filters, table: Any, name: str) -> Filters:
    wanted = getattr(filters, f"{name}_name")
    found = database.read(_named(table), {"name": wanted}) if wanted is not None else ()
    if len(found) != 1:  # namesakes, or nobody: which is told elsewhere
        return filters
    return replace(filters, **{f"{name}_name": None, f"{name}_id": found[0][0]})


def _said(database: Database, catalog: Catalog, filters: Filters) -> Filters:
    words = filters.words or ""
    if not database.leading >= _LOOKED_THROUGH:
        return filters
    if find_few(database, filters.names - {"words", "number"}, parameters(filters, catalog)) is not None:
        return filters  # to read those few is quicker
    values = {"words": like(words), "values": VALUES, "most": MOST + 1}
    rows = database.read(_statement(database.dialect), values)
    if _too_many(rows):
        return filters
    types, people, places = (tuple(value for kind, value, _ in rows if kind == wanted) for wanted in _KINDS)
    said = {
        "said_types": tuple(dict.fromkeys((*types, *catalog.matching(words)))),
        "said_initiators": people,
        "said_tenants": tuple(map(int, places)),
    }
    nothing = True if not any(said.values()) and filters.number is None else None
    return replace(filters, words=None, nothing=nothing, **said)  # type: ignore[arg-type]


def _too_many(rows: Rows) -> bool:
    hit = Counter(kind for kind, _, _ in rows)
    return any(number >= VALUES for _, _, number in rows) or any(count > MOST for count in hit.values())


_KINDS = ("type", "initiator", "tenant")


@cache
def _named(table: Any) -> Select[Any]:
    return select(table.c.id).where(table.c.name == bindparam("name")).limit(literal_column("2"))


@cache
def _statement(dialect: str) -> Select[Any]:
    kinds = [_values(column, dialect) for column in (runs.type, runs.initiator_name)]
    places = select(_as_text(tenants.c.id, dialect), literal_column("0").label("number")).where(
        contains(tenants.c.name)
    )
    found = [_few(kind, name) for kind, name in zip((*kinds, places), _KINDS, strict=True)]
    return select(union_all(*found).subquery("said"))


def _values(column: ColumnElement[Any], dialect: str) -> Select[Any]:
    kinds = hops(column, bindparam("values"))
    value = _as_text(kinds.c.value, dialect)
    return select(value, kinds.c.number).where(or_(contains(value), kinds.c.number >= bindparam("values")))


def _as_text(column: Any, dialect: str) -> Any:
    """Let values of several kinds stand in one column; SQLite does so, and finds again only what is left as it is."""
    return (column if dialect == "sqlite" else cast(column, Text)).label("value")


def _few(found: Select[Any], name: str) -> Select[Any]:
    few = found.limit(bindparam("most")).subquery(name)
    return select(literal_column(f"'{name}'").label("kind"), few.c.value, few.c.number)
