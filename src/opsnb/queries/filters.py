"""The filters of every list: read from a caller or an address, and refused by name when they cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from opsnb.bounds import LAST_ID, is_id, parse_id, shift
from opsnb.errors import BadInput
from opsnb.models import Outcome, Status, as_utc
from opsnb.queries.fingerprints import ID
from opsnb.scalars import plain
from opsnb.text import nearest, parse_duration

PLATFORM = "-"  # as a tenant: operations of the platform itself, which have none
MAX_TEXT, MAX_NAME = 500, 2_000
SEARCHED = frozenset({"words", "number"})  # the fields of `Filters` that a search sets
_NUMBERED = re.compile(r"#\s*([0-9]{1,500})", re.ASCII)
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"(?:operation\s*)?(#?)\s*([0-9]{1,19})", re.IGNORECASE)


@dataclass(frozen=True)
class Filters:
    """Filters as they were understood; what is not set is None or empty.

    A workspace or tenant is wanted by number or by exact name (one in digits alone may turn out to be a number, see
    `opsnb.queries.search.numbered`), `platform` wants operations without a tenant; `type`,
    `status` and `outcome` hold any of the wanted values; `since` (inclusive) and `until` (exclusive) are tz-aware UTC
    and bound created_at; `number` and `words` are what a search looks for: either hits where both are given;
    `unhandled` wants the failures that nobody investigated and none of whose retries has succeeded, `group` those of
    one failure group. The `said_` ones are what `words` was found to stand for (see `opsnb.queries.search`), `nothing`
    that it stands for nothing.
    """

    workspace_id: int | None = None
    workspace_name: str | None = None
    tenant_id: int | None = None
    tenant_name: str | None = None
    platform: bool | None = None
    type: tuple[str, ...] = ()
    initiator: str | None = None
    status: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    number: int | None = None
    words: str | None = None
    unhandled: bool | None = None
    group: str | None = None
    said_types: tuple[str, ...] = ()
    said_initiators: tuple[str, ...] = ()
    said_tenants: tuple[int, ...] = ()
    nothing: bool | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the fields that are set; one type is "type", several are "types"."""
        found = frozenset([name for name in self.__match_args__ if getattr(self, name) not in (None, ())])
        return found - {"type"} | {"types"} if len(self.type) > 1 else found

    def reaching_back(self, span: timedelta, now: datetime) -> Filters:
        """Give the same with a start: without one it is `span` before the end, at the latest before `now`."""
        return self if self.since else replace(self, since=shift(min(self.until or now, now), -span))


_NONE = Filters()

NAMES = (
    "workspace",
    "tenant",
    "type",
    "initiator",
    "status",
    "outcome",
    "since",
    "until",
    "search",
    "unhandled",
    "group",
)


def read(raw: Mapping[str, Any], now: datetime) -> Filters:
    """Understand filters as a caller, an address or a cell of a DataFrame gives them; None, NA and "" are no filter.

    Parameters
    ----------
    raw
        Any of `NAMES`. `workspace` and `tenant` take a number, also as text such as ``"#7"``, or an exact name. `since`
        and `until` take a `datetime` (naive is UTC), ISO 8601 text, or a span before `now` such as "24h" or "7d".
        `type`, `status` and `outcome` take one value or several; the last two also take text with commas. `unhandled`
        takes True or False, or these as text, `group` the id of a failure group.
    now
        tz-aware.

    Raises
    ------
    BadInput
        For an unknown filter or a value that cannot be used; the message names it.
    """
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in NAMES:
            raise BadInput(f"There is no filter {name!r}; there are {', '.join(NAMES)}.{nearest(name, NAMES)}")
        value = plain(value)
        if value is not None and not (isinstance(value, str) and value == ""):
            values |= _READERS[name](name, value, now)
    if not values:
        return _NONE
    found = Filters(**values)
    if found.since and found.until and found.since >= found.until:
        raise BadInput("since must lie before until: nothing lies between them as they are.")
    return found


def _place(name: str, value: object, _now: datetime) -> dict[str, Any]:
    if isinstance(value, int) and not isinstance(value, bool):
        return {f"{name}_id": _fits(name, value)}
    text = _name(name, value)
    if name == "tenant" and text == PLATFORM:
        return {"platform": True}
    numbered = _NUMBERED.fullmatch(text)
    return {f"{name}_id": _fits(name, int(numbered[1]))} if numbered else {f"{name}_name": text}


def _fits(name: str, number: int) -> int:
    if not is_id(number):
        raise BadInput(f"{name} must be a name or a number from 0 to {LAST_ID:,}.")
    return number


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name} must be text, not {value!r}.")
    if len(value) > MAX_TEXT or _UNSENDABLE.search(value):
        raise BadInput(f"{name} must be at most {MAX_TEXT} characters, without null characters or lone surrogates.")
    return value.strip()


def is_name(value: object) -> bool:
    """Whether a filter takes this as a name."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and not _UNSENDABLE.search(value)


def _name(name: str, value: object) -> str:
    """Read a name exactly as it stands: blanks around it are part of it, as a file may have them."""
    if not isinstance(value, str):
        raise BadInput(f"{name} must be text, not {value!r}.")
    if value and not is_name(value):
        raise BadInput(f"{name} must be at most {MAX_NAME} characters, without null characters or lone surrogates.")
    return value


def _one_name(name: str, value: object, _now: datetime) -> dict[str, Any]:
    return {name: _name(name, value)}


def _several(name: str, value: object, read: Callable[[str, object], str]) -> tuple[str, ...]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(read(name, plain(word)) for word in value)
    return (read(name, value),)


def _types(name: str, value: object, _now: datetime) -> dict[str, Any]:
    return {name: _several(name, value, _name)}


def _values(known: type[StrEnum]) -> Any:
    def read_values(name: str, value: object, _now: datetime) -> dict[str, Any]:
        parts = value.split(",") if isinstance(value, str) else value
        words = _several(name, parts, _text)
        for word in words:
            if word not in set(known):
                raise BadInput(f"{name} must be one of {', '.join(known)}, not {word!r}.{nearest(word, known)}")
        return {name: tuple(dict.fromkeys(words))}

    return read_values


def _time(name: str, value: object, now: datetime) -> dict[str, Any]:
    if isinstance(value, timedelta):
        return {name: _before(name, now, value)}
    if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*[smhdw]\s*", value):
        return {name: _before(name, now, parse_duration(value, name))}
    when = as_utc(value) if isinstance(value, datetime | str) else None
    if when is None:
        raise BadInput(f"{name} must be a time such as 2026-11-23T14:00 (UTC) or a span such as 24h, not {value!r}.")
    return {name: when}


def _before(name: str, now: datetime, span: timedelta) -> datetime:
    try:
        return now - span
    except OverflowError:
        raise BadInput(f"{name} reaches back further than any history.") from None


def _search(name: str, value: object, _now: datetime) -> dict[str, Any]:
    text = _text(name, str(value) if isinstance(value, int) else value)
    match = _NUMBER.fullmatch(text)
    number = parse_id(match[2]) if match else None
    if number is None:
        return {"words": text or None}
    return {"number": number, "words": text} if text[0].isdigit() else {"number": number}


def _flag(name: str, value: object, _now: datetime) -> dict[str, Any]:
    known = {True: True, False: None, "true": True, "false": None}
    if not isinstance(value, bool | str) or value not in known:
        raise BadInput(f"{name} must be true or false, not {value!r}.")
    return {name: known[value]}


def _group(name: str, value: object, _now: datetime) -> dict[str, Any]:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise BadInput(f"{name} must be the id of a failure group, such as 3f9a2c81d0, not {value!r:.80}.")
    return {name: value}


_READERS: dict[str, Any] = {
    "workspace": _place,
    "tenant": _place,
    "type": _types,
    "initiator": _one_name,
    "status": _values(Status),
    "outcome": _values(Outcome),
    "since": _time,
    "until": _time,
    "search": _search,
    "unhandled": _flag,
    "group": _group,
}
