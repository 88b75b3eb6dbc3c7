"""The different types and initiators of a history, kept for a moment: a search is typed letter by letter."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, func, literal_column, select, union_all
from sqlalchemy.dialects.postgresql import JSONB

from opsnb.database import Database
from opsnb.models import Words, operation_runs, write_json
from opsnb.queries.distinct import hops

DIFFERENT = 5_000  # values of a column that are looked through
SECONDS = 30.0
KINDS = {"type": operation_runs.c.type, "initiator": operation_runs.c.initiator_name}
_LED = {column.key for column in KINDS.values()}


@dataclass(frozen=True)
class Values:
    """Some of the different values, as the database gave them."""

    types: frozenset[str]
    initiators: frozenset[str]

    @cached_property
    def sent(self) -> dict[str, str]:
        """How `among` takes them: as one text, since drivers take their time for each value of a list."""
        each = zip(KINDS, (self.types, self.initiators), strict=True)
        return {f"all_{kind}": write_json(sorted(values)) for kind, values in each}


class Known:
    """All different values of a database, as they were at most `SECONDS` ago."""

    def __init__(self) -> None:
        self._known: dict[Database, tuple[float, Values | None]] = {}

    def at(self, database: Database, met: Values) -> Values | None:
        """Give them, asked anew where one that was just met is not among them.

        None if they are many or no text, or no indexes lead from one to the next.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        if not database.leading >= _LED:
            return None
        asked, known = self._known.get(database, (0.0, None))
        if not asked or time.monotonic() - asked > SECONDS or (known and not _holds(known, met)):
            asked, known = time.monotonic(), _read(database)
            self._known[database] = (asked, known)
        return known


def _holds(known: Values, met: Values) -> bool:
    return met.types <= known.types and met.initiators <= known.initiators


def _read(database: Database) -> Values | None:
    rows = database.fetch(_statement(database.dialect), {"values": DIFFERENT})
    if any(number >= DIFFERENT or not isinstance(value, str) for _, value, number in rows):
        return None
    types, initiators = (frozenset(value for kind, value, _ in rows if kind == wanted) for wanted in KINDS)
    return Values(types, initiators)


@cache
def _statement(dialect: str) -> Select[Any]:
    return select(union_all(*(hopped(kind, dialect) for kind in KINDS)).subquery("known"))


def hopped(kind: str, dialect: str) -> Select[Any]:
    """Select `kind`, `value` and `number` of each different value, found by hopping along its index."""
    kinds = hops(KINDS[kind], bindparam("values"))
    return select(_called(kind), as_text(kinds.c.value, dialect), kinds.c.number)


def among(kind: str, dialect: str) -> Select[Any]:
    """Select the same of values that are known already."""
    every = bindparam(f"all_{kind}", type_=Words)
    elements = func.json_each(every) if dialect == "sqlite" else func.jsonb_array_elements_text(cast(every, JSONB))
    given = elements.table_valued("value", name=f"all_{kind}")
    return select(_called(kind), given.c.value.label("value"), literal_column("0").label("number"))


def as_text(column: Any, dialect: str) -> Any:
    """Let values of several kinds stand in one column; SQLite does so, and finds again only what is left as it is."""
    return (column if dialect == "sqlite" else cast(column, Text)).label("value")


def _called(kind: str) -> Any:
    return literal_column(f"'{kind}'").label("kind")
