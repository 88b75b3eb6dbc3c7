"""Where a worker's context says what went wrong, taken out by the database as one short text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, literal_column

LENGTH = 300
PATHS = (
    ("error", "message"),
    ("error",),
    ("exception", "message"),
    ("exception",),
    ("failure",),
    ("message",),
)


def error_text(dialect: str) -> ColumnElement[Any]:
    """Write the expression for the error's text, at most `LENGTH` characters, or NULL where no path holds text."""
    if dialect == "sqlite":
        found = ", ".join(_sqlite("$." + ".".join(path)) for path in PATHS)
        # A context that is no JSON must not stop the page.
        return literal_column(f"CASE WHEN json_valid(context) THEN substr(coalesce({found}), 1, {LENGTH}) END")
    found = ", ".join(_postgresql(",".join(path)) for path in PATHS)
    return literal_column(f"CASE WHEN {UNREADABLE} THEN NULL ELSE left(coalesce({found}), {LENGTH}) END")


# A column of type json, unlike jsonb, takes escapes that PostgreSQL then fails to make text of: a null character, and
# half of a surrogate pair.
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F]"
UNREADABLE = (
    "pg_typeof(context) = CAST('json' AS regtype) AND"
    rf" CAST(context AS text) ~ '\\u0000|{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}'"
)


def _sqlite(path: str) -> str:
    return f"CASE WHEN json_type(context, '{path}') = 'text' THEN context ->> '{path}' END"


def _postgresql(path: str) -> str:
    # The part is read as json, and not the whole, of which a column of type jsonb would have to make text first.
    kind = f"json_typeof(CAST(context #> '{{{path}}}' AS json))"
    return f"CASE WHEN {kind} = 'string' THEN context #>> '{{{path}}}' END"


def find_error(context: Mapping[str, Any]) -> str | None:
    """Find the same text in a context that was read already."""
    for path in PATHS:
        value: Any = context
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            return value[:LENGTH]
    return None
