"""Which failures belong to a group: looked for in the order of the list, as far as a window of failures reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from opsnb.database import Database
from opsnb.links import Page
from opsnb.queries.cursors import Key
from opsnb.queries.known_groups import KnownGroups
from opsnb.queries.lists import Shape, keys_statement, onward

# How many failures are looked through for one answer; where there are more, the answer says so.
WINDOW = 20_000
FIRST = 1_000


class Members(NamedTuple):
    """Numbers of runs in a group, in the order of the list; `end` is how far was looked where that was not all."""

    numbers: list[int]
    end: Key | None


def read_members(
    database: Database,
    known: KnownGroups,
    listed: Shape,
    values: Mapping[str, Any],
    group: str,
    most: int | None = None,
) -> Members:
    """Look through a list for the members of a group, from its cursor on; with `most` no further than so many.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    asked, values = unfiltered(listed), dict(values)
    numbers: list[int] = []
    seen, size = 0, WINDOW if most is None else min(FIRST, WINDOW)
    while True:
        rows = database.fetch(keys_statement(asked), {**values, "limit": size})
        numbers += members_of(database, known, rows, group)
        seen += len(rows)
        if most is not None and len(numbers) >= most:
            return Members(numbers[:most], None)
        if len(rows) < size:
            return Members(numbers, None)
        if seen >= WINDOW:
            return Members(numbers, Key(*rows[-1][:2]))
        direction, (created_at, number) = "before" if listed.goes_back_up else "after", rows[-1][:2]
        asked = replace(asked, direction=onward(direction, created_at, database.is_sqlite))
        values |= {"cursor_created": created_at, "cursor_id": number}
        size = min(size * 10, WINDOW - seen)


def members_of(database: Database, known: KnownGroups, rows: Any, group: str) -> list[int]:
    """Give the numbers of those of the `rows` of `keys_statement` that are in a group."""
    runs = [(row[1], row[2]) for row in rows]
    return [number for (number, _), own in zip(runs, known.of(database, runs), strict=True) if own == group]


def unfiltered(listed: Shape) -> Shape:
    """Give the list of failures that a group is looked for in."""
    page = Page.FAILURES if listed.page is Page.RUNS else listed.page
    return replace(listed, page=page, names=listed.names - {"group"})
