"""The five tables of the contract, as they stand in the team's database, and the values its columns take."""

from __future__ import annotations

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
from sqlalchemy.types import TypeEngine


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
        """Write a `datetime` as SQLite text; anything else passes as it is."""
        if dialect.name == "sqlite" and isinstance(value, datetime):
            return sqlite_text(value)
        return value


def sqlite_text(when: datetime) -> str:
    """Write a time the way opsnb stores it in SQLite: UTC, ``2026-11-23 14:02:31[.ffffff]``, without trailing zeros.

    The shortest form sorts at or before every other spelling of the same instant.
    """
    naive = when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
    return naive.isoformat(" ", "microseconds").rstrip("0").rstrip(".")


def as_utc(value: object) -> datetime | None:
    """Read a time as the database gave it: naive is UTC, text is ISO 8601, numbers are seconds since 1970.

    What cannot be read is None: it is shown as unknown and never breaks a page.
    """
    try:
        match value:
            case datetime():
                return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            case str():
                return as_utc(datetime.fromisoformat(value))
            case int() | float():
                return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


metadata = MetaData()
_id = BigInteger().with_variant(Integer, "sqlite")
_json = JSON().with_variant(JSONB(), "postgresql")

workspaces = Table("workspaces", metadata, Column("id", _id, primary_key=True), Column("name", Text, nullable=False))

tenants = Table(
    "tenants",
    metadata,
    Column("id", _id, primary_key=True),
    Column("workspace_id", _id, ForeignKey("workspaces.id"), nullable=False),
    Column("name", Text, nullable=False),
)

platform_users = Table(
    "platform_users",
    metadata,
    Column("id", _id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("capabilities", _json, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("login", Text, unique=True),
)

operation_runs = Table(
    "operation_runs",
    metadata,
    Column("id", _id, primary_key=True),
    Column("workspace_id", _id, ForeignKey("workspaces.id"), nullable=False),
    Column("tenant_id", _id, ForeignKey("tenants.id")),
    Column("initiator_name", Text),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text, nullable=False),
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
    Column("actor_name", Text),
    Column("actor_email", Text),
    Column("action", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
    Column("resource_id", _id),
    Column("status", Text, nullable=False),
    Column("metadata", _json, nullable=False),
    Column("recorded_at", Timestamp, nullable=False),
)
