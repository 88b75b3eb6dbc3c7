"""Times of an SQLite file that cannot be put in order: SQLite compares them as the text or number that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from opsnb.database import Database
from opsnb.doctor.findings import Finding, warning
from opsnb.sqlitetimes import is_known_form

WINDOW = 200_000
SHOWN = 5
COLUMNS = ("created_at", "started_at")  # lists are ordered by the first, stuck runs are found by both
_REWRITE = (
    "Write all of them in one form, in UTC, such as 2026-11-23 14:02:31: in place by the application that writes them,"
    " or in a view that OPSNB_TABLES names."
)
# One row for each way in which times are written: what stands around the digits, and for how many rows.
_FORMS = """
    SELECT shape, count(*), min(id), max(value) FROM (
        SELECT id, {column} AS value, CASE typeof({column})
            WHEN 'text' THEN substr({column}, 5, 1) || substr({column}, 11, 1) || length({column})
                || CASE WHEN {column} GLOB '????????T*' THEN substr({column}, 16)
                    ELSE ltrim(substr({column}, 20), '.,0123456789') END
            ELSE typeof({column}) || (abs({column}) >= 100000000000) || ({column} BETWEEN 1721425.5 AND 5373484.5)
        END AS shape
        FROM (SELECT id, {column} FROM operation_runs WHERE {column} IS NOT NULL ORDER BY id DESC LIMIT {limit})
    ) GROUP BY shape ORDER BY count(*) DESC LIMIT 100
"""


class Form(NamedTuple):
    """One way in which times are written: with digits as 0, how many rows have it, the first of them and an example."""

    name: str
    rows: int
    first: int
    example: str


def check(database: Database) -> Iterator[Finding]:
    """Say which columns of times have no order, among the newest rows by number."""
    for column in COLUMNS if database.is_sqlite else ():
        statement = text(_FORMS.format(column=column, limit=WINDOW))
        forms = [form_of(*row[1:]) for row in database.fetch(statement)]
        yield from _unknown_forms(column, forms)
        yield from _mixed_forms(column, forms)


def form_of(rows: int, first: int, value: Any) -> Form:
    """Name the form of a value: text has every digit as 0, but those of an offset from UTC."""
    if isinstance(value, str):
        time, zone = re.fullmatch(r"(.*?)([+-]\d\d:?\d\d|[+-]\d\d)?", value, re.DOTALL).groups()  # type: ignore[union-attr]
        has_time = len(time) > len("2026-11-23")
        return Form(
            re.sub(r"\d", "0", time) + (zone or "") if has_time else re.sub(r"\d", "0", value), rows, first, value
        )
    return Form(_name_number(value), rows, first, str(value))


def _name_number(value: Any) -> str:
    if not isinstance(value, int | float):
        return "binary data"
    if abs(value) >= 1e11:
        return "milliseconds since 1970"
    return "a Julian day number" if 1_721_425.5 <= value <= 5_373_484.5 else "a number"


def _unknown_forms(column: str, forms: Sequence[Form]) -> Iterator[Finding]:
    for form in forms:
        if form.name != "a number" and not is_known_form(form.example):
            yield warning(
                f"{column} of {form.rows:,} operations is written as {form.name}, such as {form.example[:40]!r} of"
                f" Operation #{form.first}: opsnb neither reads nor filters such times.",
                _REWRITE,
            )


def _mixed_forms(column: str, forms: Sequence[Form]) -> Iterator[Finding]:
    kinds = {_sorting(form.name) for form in forms}
    if len(kinds) > 1:
        firsts = ", ".join(f"{form.name} of #{form.first}" for form in forms[:SHOWN])
        yield warning(
            f"{column} is written in {len(forms)} forms ({firsts}), which have no order among each other, so that lists"
            " and filters by time are wrong.",
            _REWRITE,
        )


def _sorting(name: str) -> str:
    """Leave fractions out of a form where text with and without them still sorts by time: not before a Z."""
    return name if name.endswith("Z") else re.sub(r"\.0+", "", name)
