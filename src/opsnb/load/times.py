"""Times out of a file, as UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from opsnb.load.rejects import Unfit
from opsnb.load.values import word
from opsnb.models import as_utc
from opsnb.sqlitetimes import Style

UNITS = {"iso": 0, "seconds": 1, "milliseconds": 1000}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}Z?")
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


def quick(style: Style) -> Callable[[str], Any]:
    """Make what writes in a style what most files hold, ``2026-11-23 14:02:31`` with or without a Z; None for all else.

    Such a text holds the very digits that the style writes, but for a zone of its own: then it is read in full.
    """
    sample = style(datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC))
    like = re.fullmatch("2001-02-03(.)04:05:06(.*)", sample) if isinstance(sample, str) else None
    between, end = like.groups() if like else ("", "")

    def write(text: str) -> Any:
        if _SECONDS.fullmatch(text) is None or text < "1970":
            return None
        try:
            when = datetime.fromisoformat(text[:19])  # is there such a day?
        except ValueError:
            return None
        return f"{text[:10]}{between}{text[11:19]}{end}" if like else style(when.replace(tzinfo=UTC))

    return write


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
