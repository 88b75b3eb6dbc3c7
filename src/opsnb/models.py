"""The five tables of the contract, as they stand in the team's database, and the values its columns take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine, UserDefinedType


class Status(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"


class Outcome(StrEnum):
    """What came of a run."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    BLOCKED = "blocked"
    FAILED = "failed"


class _Untyped(UserDefinedType[str]):
    """Text that a driver sends without saying so."""

    cache_ok = True

    def get_col_spec(self, **_more: Any) -> str:
        """Say how a column of it is created."""
        return "TEXT"


class Words(TypeDecorator[str]):
    """Text, whatever the column's type: PostgreSQL itself finds out what is compared with it or written to it.

    A value that is called text is refused by a column of an enum type.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Leave the type open on PostgreSQL."""
        return _Untyped() if dialect.name == "postgresql" else Text()


class Timestamp(TypeDecorator[Any]):
    """A point in time: `datetime` in, whatever the driver gives out; `as_utc` reads that.

    SQLite holds text. Results stay raw there, so that a page cursor compares with exactly what is stored.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, timestamptz elsewhere."""
        return String() if dialect.name == "sqlite" else DateTime(timezone=True)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write a `datetime` the way the SQLite file does (see `opsnb.sqlitetimes`); anything else passes as it is."""
        if dialect.name == "sqlite" and isinstance(value, datetime):
            return time_writer(dialect)(value)
        return value


class TimeBound(Timestamp):
    """A time that a column is compared with by ``>=`` or ``<``.

    An SQLite file may hold a time with a fraction of a second and without it where that is zero, as Python writes it.
    The shortest text sorts at or before each, unless a Z follows: that sorts behind digits.
    """

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write a `datetime` as `Timestamp` does, without zeros at the end of its fraction."""
        written = super().process_bind_param(value, dialect)
        if isinstance(written, str) and isinstance(value, datetime):
            return _TRAILING_ZEROS.sub(lambda found: f".{found[1]}" if found[1] else "", written)
        return written


_TRAILING_ZEROS = re.compile(r"\.(\d*?)0+(?=[+-]|$)")


def time_writer(dialect: Dialect) -> Callable[[datetime], Any]:
    """Give what writes times as an SQLite file has them: opsnb's own way until `opsnb.sqlitetimes` knows better."""
    return getattr(dialect, "write_time", sqlite_text)


def write_json(value: object) -> str:
    """Write JSON for a database, without escapes: a database of PostgreSQL without an encoding takes none in jsonb."""
    return json.dumps(value, ensure_ascii=False)


def sqlite_text(when: datetime) -> str:
    """Write a time the way opsnb stores it in SQLite: UTC, ``2026-11-23 14:02:31[.ffffff]``, without trailing zeros.

    The shortest form sorts at or before every other spelling of the same instant.
    """
    if when.tzinfo:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return when.isoformat(" ").rstrip("0") if when.microsecond else when.isoformat(" ")


_parse = datetime.fromisoformat
_SECONDS = len("2026-11-23 14:02:31")  # less may be a date alone, and a zone would be taken for its time


def as_utc(value: object) -> datetime | None:
    """Read a time as the database gave it: naive is UTC, text is ISO 8601, numbers are seconds since 1970.

    What cannot be read is None: it is shown as unknown and never breaks a page.
    """
    if value is None:
        return None
    if type(value) is str and len(value) >= _SECONDS:
        try:  # most likely it is opsnb's own form, which has no zone
            return _parse(value + "+00:00")
        except ValueError:
            return _as_utc(value)
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    return _as_utc(value)


def _as_utc(value: object) -> datetime | None:
    try:
        match value:
            case datetime():
                return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            case str():
                return _as_utc(datetime.fromisoformat(value))
            case int() | float():
                return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


metadata = MetaData()
_id = BigInteger().with_variant(Integer, "sqlite")
_json = JSON().with_variant(JSONB(), "postgresql")

workspaces = Table("workspaces", metadata, Column("id", _id, primary_key=True), Column("name", Words, nullable=False))

tenants = Table(
    "tenants",
    metadata,
    Column("id", _id, primary_key=True),
    Column("workspace_id", _id, ForeignKey("workspaces.id"), nullable=False),
    Column("name", Words, nullable=False),
)

platform_users = Table(
    "platform_users",
    metadata,
    Column("id", _id, primary_key=True),
    Column("name", Words, nullable=False),
    Column("email", Words, nullable=False, unique=True),
    Column("capabilities", _json, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("login", Words, unique=True),
)

operation_runs = Table(
    "operation_runs",
    metadata,
    Column("id", _id, primary_key=True),
    Column("workspace_id", _id, ForeignKey("workspaces.id"), nullable=False),
    Column("tenant_id", _id, ForeignKey("tenants.id")),
    Column("initiator_name", Words),
    Column("type", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("context", _json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("started_at", Timestamp),
    Column("completed_at", Timestamp),
)

audit_logs = Table(
    "audit_logs",
    metadata,
    Column("id", _id, primary_key=True),
    Column("workspace_id", _id),
    Column("tenant_id", _id),
    Column("actor_id", _id),
    Column("actor_name", Words),
    Column("actor_email", Words),
    Column("action", Words, nullable=False),
    Column("resource_type", Words, nullable=False),
    Column("resource_id", _id),
    Column("status", Words, nullable=False),
    Column("metadata", _json, nullable=False),
    Column("recorded_at", Timestamp, nullable=False),
)
