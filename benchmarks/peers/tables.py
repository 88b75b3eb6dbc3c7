"""The tables as SQLAlchemy models, for Flask-Admin and sqladmin."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Engine, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

COLUMNS = ["id", "type", "status", "outcome", "workspace", "tenant", "initiator_name", "created_at", "started_at",
           "completed_at"]  # fmt: skip
STATUSES = ("queued", "running", "completed")
OUTCOMES = ("pending", "succeeded", "partially_succeeded", "blocked", "failed")


class Base(DeclarativeBase):
    """Of all models."""


class Named:
    """Shown by its name."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class Workspace(Named, Base):
    """A workspace."""

    __tablename__ = "workspaces"


class Tenant(Named, Base):
    """A tenant."""

    __tablename__ = "tenants"


class OperationRun(Base):
    """A run."""

    __tablename__ = "operation_runs"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    initiator_name: Mapped[str | None]
    type: Mapped[str]
    status: Mapped[str]
    outcome: Mapped[str]
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    workspace: Mapped[Workspace] = relationship()
    tenant: Mapped[Tenant | None] = relationship()


@cache
def engine(address: str) -> Engine:
    """Give the engine of a history."""
    return create_engine(address if "://" in address else f"sqlite:///{address}")
