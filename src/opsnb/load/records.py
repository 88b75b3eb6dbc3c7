"""Rows of any file as plain records, and the lines of text they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opsnb.errors import BadInput
from opsnb.load.source import Source

# One value or line longer than this is a missing line end or quote, not a row.
LONGEST = 64 * 2**20


@dataclass(slots=True)
class Record:
    """One row as it stands in the file; `problem` is set where it could not even be read, `raw` then holds it.

    `size` is roughly how many bytes of the file it takes; `tame` is what `jsontext.read` says.
    """

    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    raw: str = ""
    size: int = 0
    tame: bool = False


@dataclass(frozen=True)
class Contents:
    """The rows of a file; `columns` is None for JSON, where each row brings its own.

    `total` is the number of rows where the file tells it beforehand.
    """

    columns: tuple[str, ...] | None
    records: Iterator[Record]
    total: int = 0


def lines(source: Source) -> Iterator[str]:
    """Give the lines of a text file, line ends included.

    Raises
    ------
    BadInput
        If the text is not UTF-8, or has no line ends.
    """
    number = 0
    while line := source.stream.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise BadInput(f"{source.path}: line {number} is longer than {LONGEST >> 20} MB; is this a file of rows?")
        yield _decoded(source, line, number)


def _decoded(source: Source, line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise BadInput(
            f"{source.path} is not UTF-8 text (byte 0x{byte:02x} in line {number}); save it as UTF-8."
        ) from None
