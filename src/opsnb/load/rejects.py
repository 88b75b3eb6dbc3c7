"""Rows that cannot be loaded: where they stand, which column, and why."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

from opsnb.errors import BadInput
from opsnb.text import visible

FIRST = 10


class Unfit(Exception):
    """A value that cannot be stored; `reason` says what it must be."""

    def __init__(self, reason: str, column: str = "", value: object = None) -> None:
        super().__init__(reason)
        self.reason, self.column, self.value = reason, column, value


@dataclass(frozen=True)
class Reject:
    """One row that was not loaded.

    `line` counts lines of text, or rows where a file has no lines, from 1; `column` is empty where the whole row is
    at fault; `row` is the row as JSON, or the line as it stands.
    """

    file: str
    line: int
    column: str
    reason: str
    value: str
    row: str = ""

    def __str__(self) -> str:
        where = f"{visible(self.file)}:{self.line}: "
        if not self.column:
            return where + visible(self.reason, 200)
        return f"{where}{self.column} {visible(self.value, 60)!r} {visible(self.reason, 200)}"


@dataclass
class Rejects:
    """Counts rejected rows, remembers the first few, and hands each to `keep`."""

    count: int = 0
    first: list[Reject] = field(default_factory=list)
    keep: Any = None

    def add(self, reject: Reject) -> None:
        """Take one more."""
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(reject)
        if self.keep:
            self.keep(reject)


@contextmanager
def collect(out: Path | None, source: Path) -> Iterator[Rejects]:
    """Collect rejected rows, in the CSV file `out` too where one is named.

    Raises
    ------
    BadInput
        If `out` cannot be written, or is the very file being loaded.
    """
    if out is None:
        yield Rejects()
        return
    if out.exists() and out.samefile(source):
        raise BadInput(f"{out} is the file being loaded; name another one for --rejects.")
    try:
        # Half a surrogate pair is a reason to be here, and must not stop the list.
        file = out.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from error
    with file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in fields(Reject)])
        yield Rejects(keep=lambda reject: writer.writerow(astuple(reject)))


def as_text(value: object) -> str:
    """Spell any value the way a person finds it in the file."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "(nested too deeply to show)"


def kind(value: object) -> str:
    """Name the kind of a value that is out of place."""
    kinds = {dict: "an object", list: "a list", bytes: "binary data"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), type(value).__name__)
