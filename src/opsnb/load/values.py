"""Values out of a file as the values of the contract's columns; what does not fit says what it must be."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from opsnb.bounds import LAST_ID
from opsnb.load import jsontext
from opsnb.load.rejects import Unfit, kind

LONGEST = 2000  # bytes; PostgreSQL cannot index more, and a longer type or name is a column mapped wrongly
LAST_EXACT_FLOAT = 2**53  # above it a float holds no longer every whole number
_WHOLE = re.compile(r"\s*(\d{1,19})(\.0*)?\s*")
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def word(value: Any) -> str:
    """Spell a value the way a map does: ``true``, ``-1``, ``COMPLETED``, and nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def is_null(value: Any) -> bool:
    """Tell whether a value means none: null, blank text, or the NaN that data frames write for it."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (float, Decimal)) and math.isnan(value))


def text(value: Any) -> str:
    """Read a name or type.

    Raises
    ------
    Unfit
        If it is an object or list, too long for an index, or not text at all.
    """
    if isinstance(value, dict | list | bytes):
        raise Unfit(f"must be text, not {kind(value)}")
    spelled = word(value)
    if _bytes(spelled) > LONGEST:
        raise Unfit(f"must be no longer than {LONGEST:,} bytes")
    return spelled


def _bytes(value: str) -> int:
    try:
        return len(value.encode())
    except UnicodeEncodeError:
        raise Unfit("holds half of a surrogate pair, which is no character") from None


def whole(value: Any) -> int:
    """Read an id.

    Raises
    ------
    Unfit
        If it is no whole number from 1 to what 64 bits hold, or a float that may have lost digits.
    """
    if type(value) is int and 0 < value <= LAST_ID:
        return value
    if isinstance(value, float) and value > LAST_EXACT_FLOAT:
        raise Unfit("is a float beyond 2^53, which has lost digits; write ids as whole numbers or text")
    match = None if isinstance(value, bool) else _WHOLE.fullmatch(word(value))
    if match is None or not 1 <= int(match[1]) <= LAST_ID:
        raise Unfit(f"must be a whole number from 1 to {LAST_ID:,}")
    return int(match[1])


def context(value: Any, *, nul: bool, tame: bool = False) -> str:
    """Read a context, an object or the JSON text of one, as JSON text.

    Parameters
    ----------
    value
        What the file holds.
    nul
        Whether the database takes NUL.
    tame
        Whether it was read from JSON that `jsontext.read` called tame.

    Raises
    ------
    Unfit
        If it is something else, or holds what JSON or the database cannot.
    """
    if isinstance(value, str):
        found, tame = _parsed(value)
    else:
        found = {} if is_null(value) else value
    if not isinstance(found, dict):
        raise Unfit("must be a JSON object")
    spelled = _spelled(found, tame=tame)
    if not nul and "\\u0000" in spelled and _ESCAPED_NUL.search(spelled):
        raise Unfit("holds a NUL character, which PostgreSQL does not take")
    return spelled


def _parsed(spelled: str) -> tuple[Any, bool]:
    if not spelled.strip():
        return {}, True
    try:
        return jsontext.read(spelled)
    except (ValueError, RecursionError):
        raise Unfit("must be a JSON object") from None


def _spelled(found: dict[str, Any], *, tame: bool) -> str:
    try:
        if tame:
            return jsontext.spell_tame(found)
        spelled = jsontext.spell(found)
    except ValueError:
        raise Unfit("holds NaN or Infinity, which JSON does not know") from None
    except RecursionError:
        raise Unfit("is nested too deeply") from None
    _bytes(spelled)
    return spelled
