"""Rows of any file as plain records, and the lines of text they come from."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from opsnb.errors import BadInput
from opsnb.load.source import Source
from opsnb.text import visible

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


def check_names(source: Source, names: Sequence[str]) -> None:
    """Refuse a file in which two columns have the same name.

    Raises
    ------
    BadInput
        If so; the message names one of them.
    """
    twice = sorted(name for name, times in Counter(names).items() if name and times > 1)
    if twice:
        raise BadInput(f"{source.path} has the column {visible(twice[0], 40)!r} more than once; rename one of them.")


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
        yield decoded(source, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, f"line {number}")


def decoded(source: Source, content: bytes, place: str) -> str:
    """Decode UTF-8; `place` says where in the file the bytes stand.

    Raises
    ------
    BadInput
        If they are not UTF-8.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise BadInput(f"{source.path} is not UTF-8 text (byte 0x{byte:02x} in {place}); save it as UTF-8.") from None
