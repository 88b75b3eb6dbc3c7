"""How an SQLite file writes its times: opsnb compares and writes in the same form, for SQLite compares them as text."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import Engine, event

from opsnb.bounds import local_time
from opsnb.models import sqlite_text
from opsnb.names import quoted

_ZONE = r"(Z|[+-]\d\d(?::?\d\d)?)?"
_ISO = re.compile(rf"\d{{4}}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(?:\.(\d{{1,6}}))?{_ZONE}", re.ASCII)
_COMPACT = re.compile(rf"\d{{8}}T\d{{6}}{_ZONE}", re.ASCII)
Style = Callable[[datetime], Any]


def style_of(stored: object) -> Style:
    """Tell from a stored time how to write others beside it; opsnb's own form where that cannot be told."""
    if isinstance(stored, int | float):
        number = type(stored)
        return lambda when: number(_aware(when).timestamp())
    if isinstance(stored, str) and (compact := _COMPACT.fullmatch(stored)):
        return _compact_style(compact[1] or "")
    found = _ISO.fullmatch(stored) if isinstance(stored, str) else None
    if found is None or found.group(1, 3) == (" ", None):
        return sqlite_text
    separator, digits, zone = found[1], len(found[2] or ""), found[3] or ""
    at = _offset(zone)

    def write(when: datetime) -> str:
        text = local_time(_aware(when), at).isoformat(separator, "microseconds")
        return text[: 20 + digits if digits else 19] + zone

    return write


def is_known_form(stored: str) -> bool:
    """Whether a text is a time in a form that others can be written in, and that sorts by time."""
    return bool(_ISO.fullmatch(stored) or _COMPACT.fullmatch(stored))


def _compact_style(zone: str) -> Style:
    at = _offset(zone)
    return lambda when: local_time(_aware(when), at).isoformat("T", "seconds").replace("-", "").replace(":", "") + zone


def _offset(zone: str) -> tzinfo:
    return datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo or UTC


def learn_style(engine: Engine, table: str) -> None:
    """Let an SQLite engine write times the way the newest run in `table` has them, once there is one."""
    statement = f"SELECT created_at FROM {quoted(table)} ORDER BY id DESC LIMIT 1"

    def look(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        if hasattr(engine.dialect, "write_time"):
            return
        patience = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute("PRAGMA busy_timeout = 0")  # whoever holds a lock is waited for later, and once
        with suppress(sqlite3.Error):
            if row := connection.execute(statement).fetchone():
                engine.dialect.write_time = style_of(row[0])  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA busy_timeout = {patience}")

    event.listen(engine, "checkout", look)


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)
