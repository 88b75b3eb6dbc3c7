"""Histories of operations: what a test needs to stand in the database, said in one line each."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, text

from opsnb.access import Capability
from opsnb.database import Database
from opsnb.models import audit_logs, operation_runs, platform_users, tenants, workspaces

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

ENTRY, VIEW, MANAGE = Capability.ACCESS, Capability.VIEW, Capability.MANAGE
VIEWER = "vera@example.test"
MANAGER = "mona@example.test"
OUTSIDER = "otto@example.test"
INACTIVE = "ines@example.test"


def before(**span: float) -> datetime:
    """Give a time before `NOW`: ``before(minutes=5)``."""
    return NOW - timedelta(**span)


def ago(**span: float) -> datetime:
    """Give a time before the real present: ``ago(minutes=5)``."""
    return datetime.now(UTC) - timedelta(**span)


def add_workspace(database: Database, name: str, **fields: Any) -> int:
    return _add(database, workspaces, [{"name": name, **fields}])[0]


def add_tenant(database: Database, workspace_id: int, name: str, **fields: Any) -> int:
    return _add(database, tenants, [{"workspace_id": workspace_id, "name": name, **fields}])[0]


def add_user(database: Database, email: str, *capabilities: str, is_active: bool = True, **fields: Any) -> int:
    return _add(database, platform_users, [_user(email, *capabilities, is_active=is_active, **fields)])[0]


def _user(email: str, *capabilities: str, is_active: bool = True, **fields: Any) -> dict[str, Any]:
    name = email.partition("@")[0].capitalize()
    row = {"name": name, "email": email, "capabilities": list(capabilities), "is_active": is_active, "login": None}
    return row | fields


def add_people(database: Database) -> None:
    """Add `VIEWER`, `MANAGER`, `OUTSIDER` (no capability) and `INACTIVE` (all of them, to no avail)."""
    people = [
        _user(VIEWER, ENTRY, VIEW, login="vera"),
        _user(MANAGER, ENTRY, VIEW, MANAGE, login="mona"),
        _user(OUTSIDER),
        _user(INACTIVE, ENTRY, VIEW, MANAGE, is_active=False),
    ]
    _add(database, platform_users, people)  # at once: most tests begin with them


def add_run(database: Database, **fields: Any) -> int:
    """Add one run, succeeded an hour ago in workspace 1 unless `fields` say otherwise; give its number."""
    return add_runs(database, [fields])[0]


def add_recent_run(database: Database, **fields: Any) -> int:
    """Add one run as `add_run` does, created an hour before the real present: for what has the real clock."""
    return add_run(database, created_at=ago(hours=1), **fields)


def add_runs(database: Database, rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Add runs in one statement; a workspace 1 is made where a database has none."""
    complete = [_run(row) for row in rows]
    with database.change() as connection:
        if not connection.execute(text("SELECT 1 FROM workspaces LIMIT 1")).first():
            connection.execute(insert(workspaces), [{"id": 1, "name": "Aurora"}])
    return _add(database, operation_runs, complete)


def _run(fields: Mapping[str, Any]) -> dict[str, Any]:
    live = fields.get("status", "completed") != "completed"
    row = {
        "workspace_id": 1, "tenant_id": None, "initiator_name": "Ada", "type": "inventory.sync",
        "status": "completed", "outcome": "pending" if live else "succeeded", "context": {},
        "created_at": before(hours=1), "started_at": None, "completed_at": None,
    }  # fmt: skip
    unknown = set(fields) - {*row, "id"}
    assert not unknown, f"a run has no {unknown}"
    return row | dict(fields)


def add_audit(database: Database, run_id: int, action: str = "retry", **fields: Any) -> int:
    row = {
        "actor_name": "Mona", "actor_email": MANAGER, "action": f"platform.system_console.{action}",
        "resource_type": "operation_run", "resource_id": run_id, "status": "success", "metadata": {},
        "recorded_at": before(minutes=10),
    }  # fmt: skip
    return _add(database, audit_logs, [row | fields])[0]


def set_capabilities(database: Database, email: str, capabilities: object, *, is_active: bool = True) -> None:
    """Write any JSON value where a list of capabilities belongs."""
    raw = capabilities if isinstance(capabilities, str) else json.dumps(capabilities)
    execute(
        database,
        "UPDATE platform_users SET capabilities = :raw, is_active = :active WHERE email = :email",
        raw=raw, active=is_active, email=email,
    )  # fmt: skip


def execute(database: Database, statement: str, **values: Any) -> None:
    """Run a statement as the database's owner would."""
    with database.change() as connection:
        connection.execute(text(statement), values)


def _add(database: Database, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    with database.change() as connection:
        if all("id" in row for row in rows):
            connection.execute(insert(table), rows)
            if not database.is_sqlite:  # or the next row without a number would get one of these
                connection.execute(text(f"SELECT setval('{table.name}_id_seq', (SELECT max(id) FROM {table.name}))"))
            return [row["id"] for row in rows]
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(connection.execute(statement, rows).scalars())
