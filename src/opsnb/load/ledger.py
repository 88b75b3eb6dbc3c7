"""Which files were loaded: kept as audit rows, and asked before a file is loaded once more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, inspect, or_, select, text

from opsnb.models import as_utc, audit_logs, platform_users
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


def record(connection: Connection, metadata: dict[str, Any], actor: str, now: datetime) -> None:
    """Write the audit row of a load."""
    row = {"action": ACTION, "resource_type": "file", "status": "success", "metadata": metadata, "recorded_at": now}
    connection.execute(insert(audit_logs), [row | _actor(connection, actor)])


def _actor(connection: Connection, name: str) -> dict[str, Any]:
    users = platform_users.c
    present = {column["name"] for column in inspect(connection).get_columns(platform_users.name)}
    same = [users[key] == name for key in ("login", "email", "name") if key in present]
    wanted = select(users.id, users.name, users.email).where(or_(*same)).limit(2)
    found = connection.execute(wanted).all()
    if len(found) != 1:
        return {"actor_name": name}
    return {"actor_id": found[0].id, "actor_name": found[0].name, "actor_email": found[0].email}
