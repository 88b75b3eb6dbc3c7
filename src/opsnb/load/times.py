"""Times out of a file, as UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from opsnb.load.rejects import Unfit
from opsnb.load.values import word
from opsnb.models import as_utc

UNITS = {"iso": 0, "seconds": 1, "milliseconds": 1000}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\s*[+-]?\d{1,20}(\.\d{0,20})?\s*")


def instant(value: Any, unit: str) -> datetime:
    """Read a time as UTC: ISO 8601 text (naive is UTC), or a number of `unit` since 1970.

    Raises
    ------
    Unfit
        If it is neither, lies before 1970, or is a number and `unit` is ``"iso"``.
    """
    when = _from_number(value, unit) if _NUMBER.fullmatch(word(value)) else _from_text(value)
    if when is None or when < EPOCH:
        raise Unfit("must be a time from 1970 on, in ISO 8601 such as 2026-11-23T14:02:31Z")
    return when


def plain(value: str) -> datetime | None:
    """Read quickly what most files hold, ``2026-11-23 14:02:31`` with or without a Z; None for all else."""
    if value[4:5] == value[7:8] == "-":
        try:
            when = datetime.fromisoformat(value if value[-1] == "Z" else f"{value}Z")
        except ValueError:
            return None
        return when if when >= EPOCH else None
    return None


def _from_number(value: Any, unit: str) -> datetime | None:
    if unit == "iso":
        raise Unfit('is a number; say time = "seconds" or time = "milliseconds" in a map')
    try:
        return EPOCH + timedelta(microseconds=int(Decimal(word(value)) * 1_000_000) // UNITS[unit])
    except OverflowError:
        raise Unfit(f"is no time in {unit} since 1970") from None


def _from_text(value: Any) -> datetime | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return as_utc(value.strip() if isinstance(value, str) else value) if isinstance(value, str | datetime) else None
