"""Plain words for durations, times and text of unknown origin, and durations out of plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from opsnb.errors import BadInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_STEPS = ((60, "s", 1), (3600, "min", 60), (48 * 3600, "h", 3600), (float("inf"), "d", 86400))
_DURATION = re.compile(r"\s*(\d{1,9})\s*([smhdw])\s*")
_LONGEST = timedelta(days=36525)
_UNNOTICED = timedelta(seconds=5)
# Bidirectional embeddings, overrides and isolates reorder what stands around them; lone surrogates cannot be sent.
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def parse_duration(text: str, name: str = "duration") -> timedelta:
    """Read ``"90s"``, ``"30m"``, ``"24h"``, ``"7d"`` or ``"2w"``.

    Raises
    ------
    BadInput
        If the text is of another form, or says more than a century; the message names `name`.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadInput(f"{name} must be a number and a unit such as 90s, 30m, 24h or 7d, not {text!r}.")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST.total_seconds():
        raise BadInput(f"{name} {text!r} is longer than any history.")
    return timedelta(seconds=seconds)


def duration(span: timedelta) -> str:
    """Say a span in at most two units: ``"812 ms"``, ``"31 s"``, ``"2 min 14 s"``, ``"3 h 05 min"``, ``"2 d 4 h"``."""
    days, whole = span.days, span.seconds
    if days > 0:
        return f"{days} d {whole // 3600} h"
    if days < 0:
        return f"−{duration(-span)}"
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    if whole >= 60:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole} s" if whole else f"{span.microseconds // 1000} ms"


def ago(then: datetime, now: datetime) -> str:
    """Say how long before `now` something was: ``"4 min ago"``; ahead of `now` it is ``"in 4 min"``."""
    seconds = int((now - then).total_seconds())
    size = abs(seconds)
    if size < 5:
        return "just now"
    unit, length = next((u, n) for below, u, n in _STEPS if size < below)
    span = f"{size // length} {unit}"
    return f"{span} ago" if seconds > 0 else f"in {span}"


def clock(when: datetime) -> str:
    """Time of day in UTC, ``"14:02:31"``."""
    return f"{when.astimezone(UTC):%H:%M:%S}"


def caveat(behind: timedelta, instead: str) -> str:
    """Say what to know of where a page was read: ``", 42 s behind"``, ``", read from the primary: …"``, or nothing."""
    if instead:
        return f", read from the primary: {instead}"
    return f", {duration(behind)} behind" if behind > _UNNOTICED else ""


def moment(when: datetime) -> str:
    """Date and time in UTC with its zone, ``"2026-11-23 14:02:31 UTC"``."""
    return f"{when.astimezone(UTC).isoformat(' ')[:19]} UTC"


def uncoloured(text: str) -> str:
    """Give text without the colours of a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


def one_line(text: str | None) -> str:
    """Give text in one line, without the colours of a terminal."""
    return " ".join(uncoloured(text or "").split())


def visible(value: object, limit: int | None = None) -> str:
    """Text of unknown origin as it may be shown: control characters made visible, cut at `limit` characters."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isprintable() else _CONTROL.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def fold(text: str) -> str:
    """Give text without case, for searches.

    Letter by letter as PostgreSQL's lower() in a UTF-8 locale, with two marks that depend on their place left out: the
    sigma at the end of a word is any other, and no dot is written above an i. So ß is not ss, and é is not e.
    """
    return text.lower().translate(FOLDED)


# What is left of a letter after lower(): İ becomes i with a combining dot in Python and ICU, and i alone elsewhere.
FOLDED = {ord("ς"): "σ", 0x0307: None}


def nearest(word: str, known: Iterable[str]) -> str:
    """Give a hint for a misspelt word: ``" Did you mean 'failed'?"``, or nothing where none is near."""
    match = get_close_matches(word, known, n=1)
    return f" Did you mean {str(match[0])!r}?" if match else ""
