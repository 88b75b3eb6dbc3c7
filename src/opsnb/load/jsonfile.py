"""Rows of JSON: one object a line, or one array of objects."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator

from opsnb.errors import BadInput
from opsnb.load import jsontext
from opsnb.load.jsonarray import BrokenArray, split_items
from opsnb.load.records import LONGEST, Contents, Record, decoded, lines
from opsnb.load.source import PIECE, Source

NOT_AN_OBJECT = "is not a JSON object"


def read(source: Source, head: bytes) -> Contents:
    """Read JSON rows; whether an array or lines is told by the first character, not by the file's name."""
    array = head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    return Contents(None, source.guard(_array(source) if array else _lines(source)))


def _lines(source: Source) -> Iterator[Record]:
    for number, line in enumerate(lines(source), 1):
        if not line.isspace():
            yield _record(number, line)


def _record(number: int, line: str) -> Record:
    size = len(line)
    try:
        fields, tame = jsontext.read(line)
    except json.JSONDecodeError as error:
        return Record(number, {}, f"is not JSON: {error.msg} at character {error.pos + 1}", line, size)
    except (ValueError, RecursionError) as error:
        return Record(number, {}, f"is JSON beyond reason: {error}", line, size)
    if not isinstance(fields, dict):
        return Record(number, {}, NOT_AN_OBJECT, line, size)
    return Record(number, fields, "", "", size, tame)


def _array(source: Source) -> Iterator[Record]:
    number = 0
    try:
        for number, item in enumerate(split_items(_chunks(source), LONGEST), 1):
            yield _record(number, decoded(source, item.strip(), f"row {number}"))
    except BrokenArray as error:
        raise BadInput(f"{source.path} stops being JSON after row {number} ({error}); nothing was loaded.") from error


def _chunks(source: Source) -> Iterator[bytes]:
    yield source.stream.read(PIECE).removeprefix(codecs.BOM_UTF8)
    yield from iter(lambda: source.stream.read(PIECE), b"")
