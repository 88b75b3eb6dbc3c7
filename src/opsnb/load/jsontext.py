"""JSON text, read and written by a fast library wherever that certainly gives what Python's own `json` gives."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from opsnb.load.rejects import Unfit, kind

_write = msgspec.json.Encoder().encode


def read(text: str) -> tuple[Any, bool]:
    """Give what a text says, and whether it is tame: `spell_tame` then writes the very text that `spell` does.

    Raises
    ------
    ValueError, RecursionError
        As of `json.loads`.
    """
    try:
        return _read(text), True
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return json.loads(text), False  # NaN, half of a surrogate pair, an odd number, or no JSON at all


def _float(digits: str) -> float:
    found = float(digits)
    if found and not 1e-4 <= abs(found) < 1e16:
        raise ValueError("a number that Python spells otherwise")
    return found


_read = msgspec.json.Decoder(float_hook=_float).decode


def spell_tame(found: Any) -> str:
    """Write what `read` called tame."""
    return msgspec.json.format(_write(found), indent=0).decode()


def spell(found: Any) -> str:
    """Write anything as JSON text.

    Raises
    ------
    ValueError
        If it holds NaN or Infinity.
    Unfit
        If it holds what JSON does not know.
    """
    return _JSON.encode(found)


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() and value.adjusted() < 300 else float(value)
        case date():
            return value.isoformat()
    raise Unfit(f"holds {kind(value)}, which JSON does not know")


# What came out of a file holds no circles; too deep is found out all the same.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain, check_circular=False)
