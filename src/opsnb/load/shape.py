"""Which columns a file has, and whether they are those of a run history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opsnb.errors import BadInput
from opsnb.load import paths
from opsnb.load.mapping import COLUMN, OPTIONAL, REQUIRED, Map
from opsnb.load.records import Contents
from opsnb.load.source import Source
from opsnb.text import one_line, visible

MOST = 100


def check_columns(source: Source, found: Contents, mapping: Map) -> None:
    """Compare the columns that a file with a header names with what the map needs.

    Raises
    ------
    BadInput
        If one is missing; the message says which, and what the file has instead.
    """
    if found.columns is None:
        return
    columns = found.columns
    needed = [path for name in REQUIRED if (path := mapping.path(name))]
    missing = [path for path in dict.fromkeys((*needed, *mapping.named)) if paths.top(columns, path) not in columns]
    if missing:
        raise BadInput(
            f"{source.path} has no column {_listed(missing)}; it has {_listed(columns)}."
            f"{_delimiter(columns)} Say with --map what its columns mean."
        )


def _delimiter(columns: tuple[str, ...]) -> str:
    other = next((mark for mark in ";\t|" if len(columns) == 1 and mark in columns[0]), None)
    return f" Its values look separated by {other!r}: add --delimiter {other!r}." if other else ""


def _listed(names: Iterable[str]) -> str:
    shown = [visible(one_line(name), 40) for name in names]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


class Shape:
    """Watches which columns the rows have, to say in the end what was expected and what nobody asked for."""

    def __init__(self, mapping: Map) -> None:
        self.map = mapping
        self.seen: dict[str, None] = {}

    def watch(self, fields: Mapping[str, Any]) -> None:
        """Note the columns of one row."""
        if not fields.keys() <= self.seen.keys() and len(self.seen) < MOST:
            self.seen |= dict.fromkeys(fields)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that went nowhere, because the map neither names nor keeps them."""
        if self.map.context not in (COLUMN,):
            return ()
        used = {paths.top(tuple(self.seen), path) for path in self.map.paths}
        return tuple(name for name in self.seen if name not in used)

    def story(self) -> str:
        """Say which columns were expected and which were found."""
        needed = _listed(dict.fromkeys(path for name in REQUIRED if (path := self.map.path(name))))
        optional = _listed(path for name in (*OPTIONAL, "context") if (path := self.map.path(name)))
        found = _listed(self.seen) if self.seen else "no columns at all"
        return f"Expected {needed}, and perhaps {optional}; found {found}."
