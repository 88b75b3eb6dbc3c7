"""The largest ids that a bigint column holds, and time arithmetic that stops at the first and last `datetime`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

LAST_ID = 2**63 - 1  # of a bigint of PostgreSQL and of an INTEGER of SQLite
_DIGITS = len(str(LAST_ID))
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


def is_id(number: int) -> bool:
    """Whether a column of ids can hold this number; negative ones are no ids."""
    return 0 <= number <= LAST_ID


def parse_id(text: str) -> int | None:
    """Read an id from its decimal digits; None for any other text and for a larger number."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        return None
    number = int(text)
    return number if is_id(number) else None


def shift(when: datetime, span: timedelta) -> datetime:
    """Add a span to a tz-aware time; beyond the years 1 to 9999 give the first or the last time there is, in UTC."""
    try:
        return when + span
    except OverflowError:
        return EARLIEST if span < timedelta(0) else LATEST


def local_time(when: datetime, zone: tzinfo) -> datetime:
    """Give a tz-aware time as the naive local time of a zone; it stops at the first and last time there is."""
    try:
        return when.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return datetime.min if when.year == 1 else datetime.max
