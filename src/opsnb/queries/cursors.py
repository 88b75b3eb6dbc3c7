"""Opaque page cursors: the sort key of a row, exactly as the database gave it."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from math import isnan
from typing import NamedTuple

from opsnb.errors import BadCursor

# How PostgreSQL writes the times that Python cannot hold, and the first and last year of its type.
_BEYOND = re.compile(r"(\d{4,6})(-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d{1,6})?(?:\+00)?( BC)?", re.ASCII)
_FIRST_BC, _LAST = 4714, 294276


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
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise BadCursor("This page address is broken or was cut; start again from the first page.") from None


def _time(created: str | None) -> datetime | str | None:
    if created is None:
        return None
    if created in ("infinity", "-infinity"):
        return created
    beyond = _BEYOND.fullmatch(created)
    if beyond is not None:
        return _check_beyond(created, beyond)
    when = datetime.fromisoformat(created)
    return when.astimezone(UTC) if when.tzinfo else when  # PostgreSQL refuses zones 16 hours and more from UTC


def _check_beyond(created: str, parts: re.Match[str]) -> str:
    """Refuse what PostgreSQL would: a year that its type does not reach, or a day that its year does not have."""
    year, rest, is_bc = int(parts[1]), parts[2], bool(parts[4])
    if not 1 <= year <= (_FIRST_BC if is_bc else _LAST) or (is_bc and year == _FIRST_BC and rest < "-11-24"):
        raise ValueError
    alike = (1 - year if is_bc else year) % 400 + 400  # the calendar repeats every 400 years
    datetime.fromisoformat(f"{alike:04d}{rest}")
    return created


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
