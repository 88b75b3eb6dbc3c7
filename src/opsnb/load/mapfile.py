"""Maps read from TOML, the team's own and the shipped ones; a bad one is refused with what is wrong in it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from opsnb.errors import BadInput
from opsnb.load.mapping import COLUMN, REST, TARGETS, Map
from opsnb.load.times import UNITS
from opsnb.load.values import word
from opsnb.models import Outcome, Status
from opsnb.text import nearest

ENUMS = {"status": tuple(Status), "outcome": tuple(Outcome)}
_KEYS = ("columns", "constants", "values", "nulls", "time", "context", "keep")


def shipped() -> dict[str, Traversable]:
    """Give the maps that come with opsnb, by name."""
    folder = files("opsnb.load") / "maps"
    return {path.name.removesuffix(".toml"): path for path in folder.iterdir() if path.name.endswith(".toml")}


def find_map(name: str) -> Map:
    """Read the map in the file `name`, or the shipped map of that name.

    Raises
    ------
    BadInput
        If there is none, or it cannot be used; the message names what is wrong.
    """
    known = shipped()
    file: Traversable = Path(name)
    if not file.is_file() and name in known:
        file = known[name]
    try:
        return read_map(file.read_text(encoding="utf-8"), f"The map {name}")
    except FileNotFoundError:
        raise BadInput(
            f"There is no map {name!r}: it is neither a file nor a shipped map ({', '.join(sorted(known))})."
        ) from None
    except OSError as error:
        raise BadInput(f"The map {name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise BadInput(f"The map {name} is not UTF-8 text.") from None


def read_map(toml: str, name: str = "The map") -> Map:
    """Read a map from TOML text; `name` begins every error.

    Raises
    ------
    BadInput
        If it is not TOML or breaks a rule of maps; the message names the key.
    """
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name} is not valid TOML: {error}.") from error
    return _Reader(name).map(table)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def map(self, table: dict[str, Any]) -> Map:
        self.known(table, _KEYS, "key")
        columns = self.columns(self.table(table, "columns"))
        constants = self.constants(self.table(table, "constants"), columns)
        values = {key: self.meanings(key, found) for key, found in self.table(table, "values").items()}
        self.known(values, TARGETS, "column", "values.")
        nulls = {path: self.nulls(path, found) for path, found in self.table(table, "nulls").items()}
        context = self.context(table.get("context", COLUMN), "context" in columns)
        keep = self.words(table.get("keep", []), "keep")
        if keep and context != REST:
            raise self.bad("keep", 'goes only with context = "rest"')
        return Map(columns, constants, values, nulls, self.time(table.get("time", "iso")), context, keep)

    def bad(self, key: str, problem: str) -> BadInput:
        return BadInput(f"{self.name}: {key} {problem}.")

    def known(self, found: Iterable[str], known: tuple[str, ...], noun: str, prefix: str = "") -> None:
        for key in found:
            if key not in known:
                raise BadInput(
                    f"{self.name}: there is no {noun} {prefix}{key}.{nearest(key, known)} Known are {', '.join(known)}."
                )

    def table(self, table: dict[str, Any], key: str) -> dict[str, Any]:
        found = table.get(key, {})
        if not isinstance(found, dict):
            raise self.bad(key, f"must be a table, written [{key}]")
        return found

    def columns(self, found: dict[str, Any]) -> dict[str, str | None]:
        self.known(found, TARGETS, "column", "columns.")
        for key, path in found.items():
            if path is not False and not (isinstance(path, str) and path):
                raise self.bad(f"columns.{key}", f"must name a column of the file, or be false, not {path!r}")
        return {key: path or None for key, path in found.items()}

    def constants(self, found: dict[str, Any], columns: dict[str, str | None]) -> dict[str, str]:
        self.known(found, tuple(key for key in TARGETS if key not in ("id", "context")), "constant", "constants.")
        for key, value in found.items():
            if key in columns:
                raise self.bad(f"constants.{key}", "is given by columns too; keep one of them")
            self.fits(f"constants.{key}", key, value)
        return {key: word(value) for key, value in found.items()}

    def meanings(self, column: str, found: Any) -> dict[str, str]:
        if not isinstance(found, dict):
            raise self.bad(f"values.{column}", f"must be a table, written [values.{column}]")
        for key, value in found.items():
            self.fits(f"values.{column}.{key}", column, value)
        return {key: word(value) for key, value in found.items()}

    def fits(self, key: str, column: str, value: Any) -> None:
        if isinstance(value, dict | list):
            raise self.bad(key, "must be one plain value")
        if column in ENUMS and value not in ENUMS[column]:
            raise self.bad(key, f"is {value!r}, which is none of {', '.join(ENUMS[column])}")

    def nulls(self, path: str, found: Any) -> tuple[str, ...]:
        if not isinstance(found, list) or any(isinstance(value, dict | list) for value in found):
            raise self.bad(f"nulls.{path}", 'must be a list of plain values such as [-1, ""]')
        return tuple(word(value) for value in found)

    def words(self, found: Any, key: str) -> tuple[str, ...]:
        if not isinstance(found, list) or not all(isinstance(value, str) and value for value in found):
            raise self.bad(key, "must be a list of columns of the file")
        return tuple(found)

    def context(self, found: Any, has_column: bool) -> str | tuple[str, ...]:
        if found != COLUMN and has_column:
            raise self.bad("context", "is given by columns.context too; keep one of them")
        if found in (COLUMN, REST):
            return str(found)
        if isinstance(found, str):
            raise self.bad("context", f'must be "rest" or a list of columns of the file, not {found!r}')
        return self.words(found, "context")

    def time(self, found: Any) -> str:
        if found not in tuple(UNITS):
            raise self.bad("time", f"must be one of {', '.join(UNITS)}, not {found!r}")
        return str(found)
