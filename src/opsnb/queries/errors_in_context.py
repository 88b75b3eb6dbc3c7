"""Where a worker's context says what went wrong, taken out by the database, bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, literal_column

from opsnb.queries.error_message import CUT, HEAD, TAIL, take


def error_text(dialect: str, paths: Sequence[str]) -> ColumnElement[Any]:
    """Write the expression for the error's text as `take` bounds it, NULL where none of `paths` holds text.

    A path is written as the setting `error_paths` has it; of several joined by a plus, all must hold text.
    """
    if not paths:
        return literal_column("NULL")
    if dialect == "sqlite":
        # A context that is no JSON must not stop the page.
        found = ", ".join(_joined(path, _sqlite) for path in paths)
        text = f"CASE WHEN json_valid(context) THEN coalesce({found}, NULL) END"
        tail = f"substr(text, -{TAIL})"
    else:
        found = ", ".join(_joined(path, _postgresql) for path in paths)
        text = f"CASE WHEN {UNREADABLE} THEN NULL ELSE coalesce({found}) END"
        tail = f"right(text, {TAIL})"
    cut = f"'{CUT}'"
    whole = f"substr(text, 1, {HEAD + TAIL})"  # bounded also where SQLite counts no further than a null character
    taken = f"CASE WHEN length(text) > {HEAD + TAIL} THEN substr(text, 1, {HEAD}) || {cut} || {tail} ELSE {whole} END"
    # LIMIT and OFFSET keep the planners from putting the expression in place of each `text`, to read it again.
    return literal_column(f"(SELECT {taken} FROM (SELECT {text} AS text LIMIT 1 OFFSET 0) AS found)")


# A column of type json, unlike jsonb, takes escapes that PostgreSQL then fails to make text of: a null character, and
# half of a surrogate pair.
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F]"
UNREADABLE = (
    "pg_typeof(context) = CAST('json' AS regtype) AND"
    rf" CAST(context AS text) ~ '\\u0000|{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}'"
)


def _joined(path: str, write: Callable[[str], str]) -> str:
    return " || ': ' || ".join(write(part) for part in path.split("+"))


def _sqlite(path: str) -> str:
    place = "$" + "".join(f"[{_from_end(key)}]" if _is_index(key) else f'."{key}"' for key in path.split("."))
    return f"CASE WHEN json_type(context, '{place}') = 'text' THEN context ->> '{place}' END"


def _from_end(key: str) -> str:
    return f"#{key}" if key.startswith("-") else key


def _postgresql(path: str) -> str:
    place = path.replace(".", ",")
    # The part is read as json, and not the whole, of which a column of type jsonb would have to make text first.
    kind = f"json_typeof(CAST(context #> '{{{place}}}' AS json))"
    return f"CASE WHEN {kind} = 'string' THEN context #>> '{{{place}}}' END"


def find_error(context: Mapping[str, Any], paths: Sequence[str]) -> str | None:
    """Find the same text in a context that was read already."""
    found = ([_at(context, part) for part in path.split("+")] for path in paths)
    return next((take(": ".join(texts)) for texts in found if all(isinstance(text, str) for text in texts)), None)


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(value, list) and _is_index(key):
            value = value[int(key)] if -len(value) <= int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) and not _is_index(key) else None
    return value


def _is_index(key: str) -> bool:
    return key.removeprefix("-").isdigit()
