"""Rows of a file as runs, through a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import NoneType
from typing import Any

from opsnb.load import paths, values
from opsnb.load.mapfile import ENUMS
from opsnb.load.mapping import REQUIRED, REST, TARGETS, Map
from opsnb.load.rejects import Unfit, as_text
from opsnb.load.times import instant, quick
from opsnb.sqlitetimes import Style

Fields = Mapping[str, Any]
TIMES = ("created_at", "started_at", "completed_at")
_USUAL = {str, NoneType}
MOST, LONG = 10_000, 100  # readings of one column that are remembered, and characters of a text worth it


class RowReader:
    """Reads the rows of one file.

    Parameters
    ----------
    mapping
        What the columns are called and what their values mean.
    nul
        Whether the database takes NUL characters in text.
    time
        What makes of a time what is to be stored.
    """

    def __init__(self, mapping: Map, *, nul: bool, time: Style = lambda when: when) -> None:
        self.map = mapping
        self.nul = nul
        self.time, self.quick = time, quick(time)
        self.readers: dict[str, Callable[[Any], Any]] = dict.fromkeys(TARGETS, self._text)
        self.readers |= {"id": values.whole}
        self.readers |= {column: partial(_one_of, known) for column, known in ENUMS.items()}
        self.readers |= dict.fromkeys(TIMES, self._instant)
        self.meanings = {column: given for column, given in mapping.values.items() if mapping.path(column)}
        self.usual = {column: self._usual(column) for column in TARGETS if column != "context"}
        self.context_path = mapping.path("context")
        self.taken = tuple(path for path in mapping.paths if path not in mapping.keep)

    def run(self, fields: Fields) -> dict[str, Any]:
        """Give the run of one row; `workspace` and `tenant` are names, times are UTC, `context` is JSON text.

        Raises
        ------
        Unfit
            At the first column whose value cannot be stored.
        """
        return {column: found for column, [found] in self.columns([fields]).items()}

    def columns(self, rows: Sequence[Fields], *, tame: bool = False) -> dict[str, list[Any]]:
        """Give the runs of several rows, column by column, which for many at once is much faster.

        Raises
        ------
        Unfit
            If any of them is unfit; which one is found by reading each alone.
        """
        if self.map.nulls:
            rows = [self._cleaned(fields) for fields in rows]
        found = {column: self._column(column, rows) for column in TARGETS if column != "context"}
        return found | {"context": self._contexts(rows, tame=tame)}

    def _column(self, column: str, rows: Sequence[Fields]) -> list[Any]:
        path, usual = self.map.path(column), self.usual[column]
        if path is None:
            return [usual(self.map.constants.get(column))] * len(rows)
        found = [paths.get(fields, path) for fields in rows] if "." in path else [fields.get(path) for fields in rows]
        if _USUAL.issuperset(map(type, found)):
            return list(map(usual, found))
        return [usual(value) if type(value) is str else self._value(column, value) for value in found]

    def _contexts(self, rows: Sequence[Fields], *, tame: bool) -> list[str]:
        read = partial(values.context, nul=self.nul, tame=tame)
        return [self._read("context", self._context(fields), read) for fields in rows]

    def _usual(self, column: str) -> Callable[[str | None], Any]:
        """Make what reads a column where the file has text or nothing; names and words come again and again."""
        read = partial(self._value, column)
        if column in TIMES and column not in self.meanings:
            return lambda value: (self.quick(value) if value else None) or read(value)
        return read if column in ("id", *TIMES) else _Remembered(read).__getitem__

    def _cleaned(self, fields: Fields) -> Fields:
        for path, nulls in self.map.nulls.items():
            found = paths.get(fields, path)
            if found is not None:
                fields = paths.put(fields, path, paths.replace(found, partial(_none_of, nulls)))
        return fields

    def _value(self, column: str, value: Any) -> Any:
        meanings = self.meanings.get(column)
        if meanings and not isinstance(value, dict | list):
            value = meanings.get(values.word(value), value)
        if not values.is_null(value):
            return self._read(column, value, self.readers[column])
        if column in REQUIRED:
            raise Unfit("is required", column, "" if value is None else value)
        return None

    def _read(self, column: str, value: Any, read: Callable[[Any], Any]) -> Any:
        try:
            return read(value)
        except Unfit as problem:
            raise Unfit(problem.reason, column, as_text(value)) from None

    def _instant(self, value: Any) -> Any:
        return self.time(instant(value, self.map.time))

    def _text(self, value: Any) -> str:
        found = values.text(value)
        if not self.nul and "\0" in found:
            raise Unfit("holds a NUL character, which PostgreSQL does not take")
        return found

    def _context(self, fields: Fields) -> Any:
        if self.map.context == REST:
            for path in self.taken:
                fields = paths.drop(fields, path)
            return fields
        if isinstance(self.map.context, tuple):
            chosen: dict[str, Any] = {}
            for path in self.map.context:
                chosen = paths.put(chosen, path, paths.get(fields, path))
            return chosen
        return paths.get(fields, self.context_path) if self.context_path else None


class _Remembered(dict[str | None, Any]):
    """What texts were read as; one that could not be read is read anew each time, for it is an error."""

    def __init__(self, read: Callable[[str | None], Any]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, value: str | None) -> Any:
        found = self.read(value)
        if len(self) < MOST and len(value or "") <= LONG:
            self[value] = found
        return found


def _none_of(nulls: tuple[str, ...], value: Any) -> Any:
    return None if values.word(value) in nulls else value


def _one_of(known: tuple[str, ...], value: Any) -> str:
    found = values.text(value)
    if found not in known:
        raise Unfit(f"must be one of {', '.join(known)}")
    return found
