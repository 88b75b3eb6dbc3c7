"""Splits a JSON array into the texts of its items, without reading what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_OUTSIDE_STRING = re.compile(rb'["\[\]{},]')
_INSIDE_STRING = re.compile(rb'"|\\.', re.DOTALL)
_SPACE = b" \t\r\n"
_OPENING, _CLOSING = b"[{", b"]}"


class BrokenArray(ValueError):
    """The text is no complete JSON array; the message says why."""


def split_items(chunks: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """Yield the text of each item of a JSON array, which may itself be no JSON.

    Each byte is looked at once, however long an item is.

    Parameters
    ----------
    chunks
        The array, in pieces of any size.
    longest
        Bytes that an item may have.

    Raises
    ------
    BrokenArray
        If the array has no end, an item is too long, or something follows the array.
    """
    splitter = _Splitter(longest)
    for chunk in chunks:
        yield from splitter.feed(chunk)
    splitter.close()


class _Splitter:
    """The state between two chunks: how deep in brackets, whether in a string, and the item begun."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.depth = 0
        self.in_string = False
        self.is_closed = self.has_comma = False
        self.rest = b""  # a backslash at the end of a chunk, which belongs to the next byte
        self.parts: list[bytes] = []
        self.size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the items that end in this chunk."""
        data = self.rest + chunk
        start = position = 0
        while found := (_INSIDE_STRING if self.in_string else _OUTSIDE_STRING).search(data, position):
            position = found.end()
            mark = found[0]
            if mark == b'"':
                self.in_string = not self.in_string
            elif self.in_string:
                continue  # an escaped character
            elif mark in _OPENING:
                self.depth += 1
                if self.depth == 1:
                    self._open_array()
                    start = position
            else:
                is_comma = mark == b","
                self.depth -= not is_comma
                if self.depth <= is_comma:  # a comma between items, or the bracket after the last
                    yield from self._end_item(data[start : found.start()], is_last=not is_comma)
                    start = position
        self._keep(data, start, position)

    def close(self) -> None:
        """Check that the array has ended, and nothing follows it."""
        self._add(self.rest)
        if not self.is_closed:
            raise BrokenArray("the array has no end")
        if b"".join(self.parts).strip(_SPACE):
            raise BrokenArray("something follows the array")

    def _open_array(self) -> None:
        if self.is_closed:
            raise BrokenArray("something follows the array")

    def _end_item(self, part: bytes, *, is_last: bool) -> Iterator[bytes]:
        if self.is_closed:
            raise BrokenArray("something follows the array")
        self._add(part)
        text, self.parts, self.size = b"".join(self.parts), [], 0
        if text.strip(_SPACE) or self.has_comma or not is_last:
            yield text
        self.is_closed, self.has_comma = is_last, not is_last

    def _keep(self, data: bytes, start: int, position: int) -> None:
        """Keep the item begun; a lone backslash at the end of a string waits for what it escapes."""
        split = self.in_string and data.endswith(b"\\") and position < len(data)
        self.rest = data[-1:] if split else b""
        self._add(data[start : len(data) - split])

    def _add(self, part: bytes) -> None:
        self.parts.append(part)
        self.size += len(part)
        if self.size > self.longest:
            raise BrokenArray(f"a row is longer than {self.longest >> 20} MB")
