"""The demo's rows into its tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select

from opsnb.demo.scenes import REASON
from opsnb.demo.story import Run
from opsnb.demo.triage import OPERATOR, Act
from opsnb.load.batch import ROWS, Batch
from opsnb.load.rows import TIMES
from opsnb.load.store import Store
from opsnb.models import audit_logs, operation_runs, platform_users

VIEW = ["platform.access_system_panel", "platform.operations.view"]
USERS: tuple[tuple[str, str, list[str]], ...] = (
    ("Nora Noaccess", "nora@contoso.example", []),
    ("Victor Viewer", "victor@contoso.example", VIEW),
    ("Ada Byron", "ada@contoso.example", [*VIEW, "platform.operations.manage"]),
)


def write_runs(connection: Connection, numbers: dict[Run, int]) -> None:
    """Write runs under their numbers, and the workspaces and tenants they name."""
    store, runs = Store(connection), list(numbers.items())
    for first in range(0, len(runs), ROWS):
        _write(store, runs[first : first + ROWS])


def _write(store: Store, runs: Sequence[tuple[Run, int]]) -> None:
    batch = Batch()
    for run, number in runs:
        times = {name: store.time(when) for name in TIMES if (when := getattr(run, name))}
        row = vars(run) | times | {"id": number, "context": json.dumps(run.context, ensure_ascii=False)}
        batch.add([run], {name: [row[name]] for name in batch.columns})
    for _, refused in store.write(batch):
        raise refused


def write_people(connection: Connection) -> None:
    """Write one person for each thing that a person may do; who is here already by that name or email is replaced."""
    users = platform_users.c
    names, emails = {name for name, _, _ in USERS}, {email for _, email, _ in USERS}
    connection.execute(delete(platform_users).where(or_(users.name.in_(names), users.email.in_(emails))))
    rows = [
        {"name": name, "email": email, "capabilities": capabilities, "is_active": True}
        for name, email, capabilities in USERS
    ]
    connection.execute(insert(platform_users), rows)


def write_audit(connection: Connection, acts: list[Act], numbers: dict[Run, int]) -> None:
    """Write what the operator did, in the order it was done."""
    users = platform_users.c
    actor = connection.execute(select(users.id, users.name, users.email).where(users.name == OPERATOR)).one()
    done = {"actor_id": actor.id, "actor_name": actor.name, "actor_email": actor.email}
    rows = [done | _row(connection, act, numbers) for act in sorted(acts, key=lambda act: act.at)]
    connection.execute(insert(audit_logs), rows)


def _row(connection: Connection, act: Act, numbers: dict[Run, int]) -> dict[str, Any]:
    runs = operation_runs.c
    number = numbers[act.run]
    place = connection.execute(select(runs.workspace_id, runs.tenant_id).where(runs.id == number)).one()
    metadata = {"new_run_id": numbers[act.new]} if act.new else {"reason": REASON}
    return {
        "workspace_id": place.workspace_id, "tenant_id": place.tenant_id, "action": act.action, "status": "success",
        "resource_type": "operation_run", "resource_id": number, "metadata": metadata, "recorded_at": act.at,
    }  # fmt: skip
