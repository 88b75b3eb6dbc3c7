"""What a search stands for: the few values that it hits, each of which an index leads to, whatever the history."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, literal_column, or_, select, union_all

from opsnb.bounds import parse_id
from opsnb.catalog import Catalog
from opsnb.database import Database, Rows
from opsnb.errors import BadInput
from opsnb.models import tenants, workspaces
from opsnb.queries.conditions import contains, like, parameters
from opsnb.queries.filters import SEARCHED, Filters
from opsnb.queries.leads import find_few
from opsnb.queries.values import DIFFERENT, KINDS, Values, among, as_text, hopped

MOST = 200  # values of a kind; what hits more of them is common, and found on the way
_LOOKED_THROUGH = {"type", "initiator_name", "tenant_id"}
_TENANT = "tenant"


def resolve(database: Database, catalog: Catalog, filters: Filters) -> Filters:
    """Put numbers in the place of names, and values in the place of words, as far as there are few of them.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    filters = numbered(database, filters)
    if not filters.words:
        return filters
    if find_few(database, filters.names - SEARCHED, parameters(filters, catalog)) is not None:
        return filters  # to read those few is quicker
    return said(database, catalog, filters)


def numbered(database: Database, filters: Filters) -> Filters:
    """Put the numbers of a workspace and a tenant in the place of their names, unless they have namesakes.

    A name in digits that nobody has is a number.

    Raises
    ------
    BadInput
        If such a name is one's name and another's number.
    DatabaseUnavailable
        If the database cannot answer.
    """
    for table, name in ((workspaces, "workspace"), (tenants, "tenant")):
        filters = _numbered(database, filters, table, name)
    return filters


def _numbered(database: Database, filters: Filters, table: Any, name: str) -> Filters:
    wanted = getattr(filters, f"{name}_name")
    if wanted is None:
        return filters
    found = [row[0] for row in database.fetch(_named(table), {"name": wanted})]
    number = parse_id(wanted.strip())
    if number is not None and found != [number]:
        if found and database.fetch(_with_number(table), {"number": number}):
            raise BadInput(
                f"{name}={wanted} is the name of one {name} and the number of another; write {name}=#{number} for the"
                f" number, or {name}=#{found[0]} for the one of that name."
            )
        found = found or [number]
    if len(found) != 1:  # namesakes, or nobody: which is told elsewhere
        return filters
    return replace(filters, **{f"{name}_name": None, f"{name}_id": found[0]})


def said(database: Database, catalog: Catalog, filters: Filters, known: Values | None = None) -> Filters:
    """Put values in the place of words, if these hit few; `known` are all of them that there are.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    words = filters.words or ""
    if not database.leading >= _LOOKED_THROUGH:
        return filters
    values = {"words": like(words), "values": DIFFERENT, "most": MOST + 1}
    among_known = known.sent if known else {}
    rows = database.fetch(_statement(database.dialect, known is not None), {**values, **among_known})
    if _too_many(rows):
        return filters
    types, people, places = (tuple(value for kind, value, _ in rows if kind == wanted) for wanted in (*KINDS, _TENANT))
    hit = {
        "said_types": tuple(dict.fromkeys((*types, *catalog.matching(words)))),
        "said_initiators": people,
        "said_tenants": tuple(map(int, places)),
    }
    nothing = True if not any(hit.values()) and filters.number is None else None
    return replace(filters, words=None, nothing=nothing, **hit)  # type: ignore[arg-type]


def _too_many(rows: Rows) -> bool:
    hit = Counter(kind for kind, _, _ in rows)
    return any(number >= DIFFERENT for _, _, number in rows) or any(count > MOST for count in hit.values())


@cache
def _named(table: Any) -> Select[Any]:
    return select(table.c.id).where(table.c.name == bindparam("name")).limit(literal_column("2"))


@cache
def _with_number(table: Any) -> Select[Any]:
    return select(table.c.id).where(table.c.id == bindparam("number"))


@cache
def _statement(dialect: str, known: bool) -> Select[Any]:
    values = among if known else hopped
    columns = [values(kind, dialect).subquery(f"every_{kind}") for kind in KINDS]
    hit = [select(one).where(or_(contains(one.c.value), one.c.number >= bindparam("values"))) for one in columns]
    place: Any = as_text(tenants.c.id, dialect), literal_column("0").label("number")
    places = select(literal_column(f"'{_TENANT}'").label("kind"), *place).where(contains(tenants.c.name))
    few = [select(one.limit(bindparam("most")).subquery()) for one in (*hit, places)]
    return select(union_all(*few).subquery("said"))
