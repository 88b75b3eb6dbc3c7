"""A run's context, read whatever the column holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opsnb.bounds import is_id, parse_id


def read_context(text: object) -> dict[str, Any] | None:
    """Read the JSON text of a context; None where it is no JSON object."""
    if isinstance(text, Mapping):
        return dict(text)
    if not isinstance(text, str | bytes):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_id(value: object) -> int | None:
    """Read the number of a run out of JSON: a whole number, or text that holds exactly its digits; else None.

    JSON written by JavaScript holds large ids as text, since a JavaScript number has 53 bits.
    """
    if type(value) is int:  # not bool, which is an int to Python
        return value if is_id(value) else None
    number = parse_id(value) if isinstance(value, str) else None
    return number if str(number) == value else None
