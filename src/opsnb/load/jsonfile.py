"""Rows of JSON: one object a line, or one array of objects."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

import ijson

from opsnb.errors import BadInput
from opsnb.load import jsontext
from opsnb.load.records import Contents, Record, lines
from opsnb.load.source import Source

NOT_AN_OBJECT = "is not a JSON object of reasonable depth"
DEEPEST = 500


def read(source: Source, head: bytes) -> Contents:
    """Read JSON rows; whether an array or lines is told by the first character, not by the file's name."""
    array = head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    return Contents(None, source.guard(_array(source, head) if array else _lines(source)))


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


def _array(source: Source, head: bytes) -> Iterator[Record]:
    if head.startswith(codecs.BOM_UTF8):
        source.stream.read(len(codecs.BOM_UTF8))
    number = before = 0
    try:
        for number, item in enumerate(_items(ijson.basic_parse(source.stream)), 1):
            fields, odd = (item, "") if isinstance(item, dict) else ({}, NOT_AN_OBJECT)
            size, before = source.stream.tell() - before, source.stream.tell()
            yield Record(number, fields, odd, str(item) if odd else "", size)
    # ijson's C code says SystemError where a number has more digits than Python takes.
    except (ijson.JSONError, ValueError, SystemError) as error:
        why = next(iter(str(error).splitlines()), "").rstrip(".")
        raise BadInput(f"{source.path} stops being JSON after row {number} ({why}); nothing was loaded.") from error


def _items(events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    """Give the items of the outer array; one that nests too deeply is given as text that says so.

    ijson's own `items` keeps the path of every value, and thus takes memory with the square of the depth.
    """
    next(events)
    item, depth, deepest = ijson.ObjectBuilder(), 0, 0
    for event, value in events:
        depth += (event in ("start_map", "start_array")) - (event in ("end_map", "end_array"))
        deepest = max(deepest, depth)
        if depth >= 0 and deepest <= DEEPEST:
            item.event(event, value)
        if depth == 0:
            yield item.value if deepest <= DEEPEST else f"an item nested {deepest:,} levels deep"
            item, deepest = ijson.ObjectBuilder(), 0
