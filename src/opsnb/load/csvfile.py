"""Rows of CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from opsnb.errors import BadInput
from opsnb.load.records import LONGEST, Contents, Record, check_names, lines
from opsnb.load.source import Source


def read(source: Source, delimiter: str) -> Contents:
    """Read CSV with a header line, values separated by `delimiter`.

    Raises
    ------
    BadInput
        If there is no header, it names a column twice, or `delimiter` is none.
    """
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise BadInput(f"The delimiter of a CSV file is one character, such as ; or \\t for a tab, not {delimiter!r}.")
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    rows = _Rows(source, delimiter)
    header = next(rows.good(), None)
    if header is None:
        raise BadInput(f"{source.path} has no header line.")
    names = tuple(name.strip() for name in header)
    check_names(source, names)
    return Contents(names, source.guard(_records(rows, names)))


class _Rows:
    """Rows of values, each with the line it begins in; a row that breaks the rules of CSV does not end them."""

    def __init__(self, source: Source, delimiter: str) -> None:
        self.source = source
        self.reader = csv.reader(source.guard(lines(source)), delimiter=delimiter, strict=True)

    def good(self) -> Iterator[list[str]]:
        """Give rows that are not blank."""
        try:
            yield from (row for row in self.reader if row)
        except csv.Error as error:
            raise BadInput(f"{self.source.path} has a broken header line: {error}.") from error

    def numbered(self) -> Iterator[tuple[int, list[str], str]]:
        """Give line, values and problem."""
        while True:
            line = self.reader.line_num + 1
            try:
                yield line, next(self.reader), ""
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise BadInput(f"{self.source.path}: the quote opened in line {line} is never closed.") from None
                yield line, [], f"is not CSV: {error}"


def _records(rows: _Rows, names: Sequence[str]) -> Iterator[Record]:
    for line, row, problem in rows.numbered():
        size = sum(map(len, row))
        if problem:
            yield Record(line, problem=problem)
        elif row and len(row) != len(names):
            problem = f"has {len(row)} values where the header names {len(names)} columns"
            yield Record(line, problem=problem, raw=",".join(row), size=size)
        elif row:
            yield Record(line, {name: value for name, value in zip(names, row, strict=True) if name}, size=size)
