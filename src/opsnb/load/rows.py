"""One row of a file as one run, through a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from opsnb.load import paths, values
from opsnb.load.mapfile import ENUMS
from opsnb.load.mapping import REQUIRED, REST, TARGETS, Map
from opsnb.load.rejects import Unfit, as_text
from opsnb.load.times import instant, plain

Fields = Mapping[str, Any]
TIMES = ("created_at", "started_at", "completed_at")
MOST, LONG = 10_000, 100  # readings of one column that are remembered, and characters of a text worth it


class RowReader:
    """Reads the rows of one file.

    Parameters
    ----------
    mapping
        What the columns are called and what their values mean.
    nul
        Whether the database takes NUL characters in text.
    """

    def __init__(self, mapping: Map, *, nul: bool) -> None:
        self.map = mapping
        self.nul = nul
        time = partial(instant, unit=mapping.time)
        self.readers: dict[str, Callable[[Any], Any]] = dict.fromkeys(TARGETS, self._text)
        self.readers |= {"id": values.whole, "context": partial(values.context, nul=nul)}
        self.readers |= {column: partial(_one_of, known) for column, known in ENUMS.items()}
        self.readers |= dict.fromkeys(TIMES, time)
        self.meanings = {column: given for column, given in mapping.values.items() if mapping.path(column)}
        self.sources = [
            (column, mapping.path(column), mapping.constants.get(column), self._of_text(column))
            for column in TARGETS
            if column != "context"
        ]
        self.context_path = mapping.path("context")
        self.taken = tuple(path for path in mapping.paths if path not in mapping.keep)

    def run(self, fields: Fields) -> dict[str, Any]:
        """Give the run of one row; `workspace` and `tenant` are names, times are UTC, `context` is JSON text.

        Raises
        ------
        Unfit
            At the first column whose value cannot be stored.
        """
        if self.map.nulls:
            fields = self._cleaned(fields)
        run: dict[str, Any] = {}
        for column, path, value, of_text in self.sources:
            if path is not None:
                value = fields[path] if path in fields else paths.get(fields, path)
            run[column] = of_text(value) if type(value) is str else self._value(column, value)
        run["context"] = self._read("context", self._context(fields))
        return run

    def _of_text(self, column: str) -> Callable[[str], Any]:
        """Make what reads a column where the file has text in it; names and words come again and again."""
        read = partial(self._value, column)
        if column in TIMES and column not in self.meanings:
            return lambda value: plain(value) or read(value)
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
            return self._read(column, value)
        if column in REQUIRED:
            raise Unfit("is required", column, "" if value is None else value)
        return None

    def _read(self, column: str, value: Any) -> Any:
        try:
            return self.readers[column](value)
        except Unfit as problem:
            raise Unfit(problem.reason, column, as_text(value)) from None

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


class _Remembered(dict[str, Any]):
    """What texts were read as; one that could not be read is read anew each time, for it is an error."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, value: str) -> Any:
        found = self.read(value)
        if len(self) < MOST and len(value) <= LONG:
            self[value] = found
        return found


def _none_of(nulls: tuple[str, ...], value: Any) -> Any:
    return None if values.word(value) in nulls else value


def _one_of(known: tuple[str, ...], value: Any) -> str:
    found = values.text(value)
    if found not in known:
        raise Unfit(f"must be one of {', '.join(known)}")
    return found
