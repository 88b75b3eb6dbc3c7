"""One row of a file as one run, through a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from opsnb.load import paths, values
from opsnb.load.mapfile import ENUMS
from opsnb.load.mapping import REQUIRED, REST, TARGETS, Map
from opsnb.load.rejects import Unfit, as_text
from opsnb.load.times import instant

Fields = Mapping[str, Any]


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
        self.readers |= dict.fromkeys(("created_at", "started_at", "completed_at"), time)
        self.sources = [(name, mapping.path(name)) for name in TARGETS if name != "context"]
        self.taken = tuple(path for path in mapping.paths if path not in mapping.keep)

    def run(self, fields: Fields) -> dict[str, Any]:
        """Give the run of one row; `workspace` and `tenant` are names, times are UTC, `context` is JSON text.

        Raises
        ------
        Unfit
            At the first column whose value cannot be stored.
        """
        fields = self._cleaned(fields)
        run = {column: self._column(column, fields, path) for column, path in self.sources}
        return run | {"context": self._read("context", self._context(fields))}

    def _cleaned(self, fields: Fields) -> Fields:
        for path, nulls in self.map.nulls.items():
            found = paths.get(fields, path)
            if found is not None:
                fields = paths.put(fields, path, paths.replace(found, partial(_none_of, nulls)))
        return fields

    def _column(self, column: str, fields: Fields, path: str | None) -> Any:
        value = self.map.constants.get(column) if path is None else paths.get(fields, path)
        meanings = self.map.values.get(column)
        if meanings and path and not isinstance(value, dict | list):
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
        column = self.map.path("context")
        return paths.get(fields, column) if column else None


def _none_of(nulls: tuple[str, ...], value: Any) -> Any:
    return None if values.word(value) in nulls else value


def _one_of(known: tuple[str, ...], value: Any) -> str:
    found = values.text(value)
    if found not in known:
        raise Unfit(f"must be one of {', '.join(known)}")
    return found
