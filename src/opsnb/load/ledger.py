"""Which files were loaded: kept as audit rows, and asked before a file is loaded once more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from opsnb.access import Actor
from opsnb.models import as_utc, audit_logs
from opsnb.text import moment

ACTION = "opsnb.load"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('opsnb.load'))")


def wait_for_turn(connection: Connection) -> None:
    """Let one load run at a time, so that two of one file cannot pass each other; SQLite does so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)


def loaded_before(connection: Connection, sha256: str) -> str | None:
    """Say when a file of that fingerprint was loaded, or nothing."""
    loads = select(audit_logs.c["metadata"], audit_logs.c.recorded_at).where(
        audit_logs.c.action == ACTION, audit_logs.c.resource_type == "file"
    )
    for found, recorded_at in connection.execute(loads):
        if isinstance(found, dict) and found.get("sha256") == sha256:
            when = as_utc(recorded_at)
            return moment(when) if when else "an unknown day"
    return None


def record(connection: Connection, metadata: dict[str, Any], actor: Actor, now: datetime) -> None:
    """Write the audit row of a load."""
    row = {"action": ACTION, "resource_type": "file", "status": "success", "metadata": metadata, "recorded_at": now}
    by = {"actor_id": actor.id, "actor_name": actor.name, "actor_email": actor.email or None}
    connection.execute(insert(audit_logs), [row | by])
