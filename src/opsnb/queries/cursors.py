"""Opaque page cursors: the sort key of a row, exactly as the database gave it."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from math import isnan
from typing import NamedTuple

from opsnb.errors import BadCursor

# How PostgreSQL writes the times that Python cannot hold.
_BEYOND = re.compile(r"-?infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?(\+00)?( BC)?")


class Key(NamedTuple):
    """Where a page begins: created_at as the driver gave it, and the run's number."""

    created_at: datetime | str | int | float | bytes | None
    id: int


def write(key: Key) -> str:
    """Make the cursor for a row's key."""
    created: object = key.created_at
    match created:
        case datetime():
            created = created.isoformat()
        case bytes():
            created = [created.hex()]
    return urlsafe_b64encode(json.dumps([created, key.id]).encode()).decode().rstrip("=")


def read(cursor: str, *, as_text: bool) -> Key:
    """Read a cursor; `as_text` where the database holds times as text (SQLite).

    Raises
    ------
    BadCursor
        If `write` did not make it.
    """
    try:
        created, number = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return Key(_raw(created) if as_text else _time(created), _whole(number))
    except (ValueError, TypeError, RecursionError):
        raise BadCursor("This page address is broken or was cut; start again from the first page.") from None


def _time(created: str | None) -> datetime | str | None:
    if created is None:
        return None
    return created if _BEYOND.fullmatch(created) else datetime.fromisoformat(created)


def _raw(created: object) -> str | float | bytes | None:
    """Pass what SQLite can hold and compare: no NaN, no lone surrogate, no number beyond 64 bits."""
    match created:
        case str():
            created.encode()
            return created
        case [str(digits)]:
            return bytes.fromhex(digits)
        case float() if not isnan(created):
            return created
        case None:
            return None
    return _whole(created)


def _whole(number: object) -> int:
    if type(number) is not int or not -(2**63) <= number < 2**63:
        raise TypeError
    return number
