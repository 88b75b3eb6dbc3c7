"""Databases that opsnb did not make, filled with the same history as one that it did."""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from opsnb.access import Capability
from opsnb.database import Database
from opsnb.links import Page
from opsnb.models import Outcome, Status
from opsnb.ops import Ops
from opsnb.settings import Settings
from support.history import MANAGER, NOW, VIEWER, before

FOLDER = Path(__file__).parent
LARAVEL = Settings(
    schema=("app",),
    tables={name: f"adm_{name}" for name in (
        "operation_runs", "workspaces", "tenants", "platform_users", "audit_logs")},
    logins={"mona": MANAGER, "vera": VIEWER},
)  # fmt: skip
NATIVE = Settings(logins=LARAVEL.logins)
SQLITE = Settings(logins=LARAVEL.logins)
SETTINGS = {"laravel": LARAVEL, "native": NATIVE, "sqlite": SQLITE}
TYPES = ["inventory.sync", "policies.backup", "tenants.provision", "etl_load.night"]
PEOPLE = ["Ada", "Bob O'Hara", "100%", 'quo"te', None]
RUNS = 160

Row = dict[str, Any]
Write = Callable[[datetime], Any]


def iso(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat("T") + "Z"


def run_script(database: Database, name: str) -> None:
    """Run a script of this folder, as the database's owner would."""
    with database.change() as connection:
        raw = connection.connection.dbapi_connection
        for statement in (FOLDER / f"{name}.sql").read_text().split(";"):
            if statement.strip():
                raw.execute(statement)


def history() -> dict[str, list[Row]]:
    """Give rows of every table: 160 runs of every kind, to the second, with retries, marks and an audit."""
    dice = random.Random(11)
    runs = [_run(dice, number) for number in range(1, RUNS + 1)]
    return {
        "workspaces": [{"id": n, "name": f"Workspace {n}"} for n in (1, 2)],
        "tenants": [{"id": n, "workspace_id": 1 + n % 2, "name": f"Tenant {n}"} for n in (1, 2, 3)],
        "platform_users": [
            {"id": 1, "name": "Vera", "email": VIEWER, "capabilities": [*Capability][:2], "is_active": True},
            {"id": 2, "name": "Mona", "email": MANAGER, "capabilities": [*Capability], "is_active": True},
        ],
        "operation_runs": runs,
        "audit_logs": [_audit(run) for run in runs if "triage" in run["context"]],
    }


def people() -> dict[str, list[Row]]:
    """Give the rows of a history without a run."""
    rows = history()
    return {name: rows[name] for name in ("workspaces", "tenants", "platform_users")}


def _run(dice: random.Random, number: int) -> Row:
    status = dice.choice(["queued", "running", "completed", "completed", "completed"])
    created = before(minutes=dice.randrange(300), seconds=dice.randrange(60))
    started = None if status == "queued" else created + timedelta(minutes=dice.randrange(20))
    context: Row = {"site": "Berlin", "b": 1, "a": [1, {"z": 1, "y": "ü"}]}
    if dice.random() < 0.4:
        context["error"] = {"message": f"Timeout of host {number}"}
    if number > 20 and dice.random() < 0.3:
        context["triage"] = {"retry_of_run_id": dice.randrange(1, number)}
    if dice.random() < 0.1:
        context["triage"] = {"investigated": {"by": "Mona", "reason": "Looked into it.", "at": NOW.isoformat()}}
    return {
        "id": number, "workspace_id": dice.choice([1, 2]), "tenant_id": dice.choice([1, 2, 3, None]),
        "initiator_name": dice.choice(PEOPLE), "type": dice.choice(TYPES), "status": status,
        "outcome": dice.choice([*Outcome]).value if status == "completed" else "pending", "context": context,
        "created_at": created, "started_at": started,
        "completed_at": started + timedelta(minutes=3) if started and status == "completed" else None,
    }  # fmt: skip


def _audit(run: Row) -> Row:
    return {
        "workspace_id": run["workspace_id"], "tenant_id": run["tenant_id"], "actor_id": 2, "actor_name": "Mona",
        "actor_email": MANAGER, "action": "platform.system_console.mark_investigated",
        "resource_type": "operation_run", "resource_id": run["id"], "status": "success",
        "metadata": {"reason": "Looked into it."}, "recorded_at": before(minutes=1),
    }  # fmt: skip


def fill(database: Database, tables: Mapping[str, Iterable[Row]], write: Write = lambda when: when) -> None:
    """Write rows by plain SQL, numbers out of the database's own counter; `write` gives its form of a time."""
    with database.change() as connection:
        for name, rows in tables.items():
            for row in rows:
                values = {key: _plain(database, key, value, write) for key, value in row.items() if key != "id"}
                names, places = ", ".join(values), ", ".join(f":{key}" for key in values)
                connection.execute(text(f"INSERT INTO {name} ({names}) VALUES ({places})"), values)


def _plain(database: Database, key: str, value: Any, write: Write) -> Any:
    if key == "capabilities" and database.settings is NATIVE:
        return [str(word) for word in value]
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)  # a database without an encoding takes no escapes
    return write(value) if isinstance(value, datetime) else value


def seen(ops: Ops) -> dict[str, Any]:
    """Read every list under every filter, forward and back, every count, choice and detail."""
    found: dict[str, Any] = {}
    for page in Page.RUNS, Page.FAILURES, Page.STUCK:
        for number, wanted in enumerate(FILTERS):
            found[f"{page} {wanted}"] = (turn(ops, page, 7 if number % 5 == 0 else 60, wanted),
                                         ops.count(page, **wanted))  # fmt: skip
    for run in ops.runs(limit=500).rows:
        found[f"#{run.id}"] = detail(ops, run.id)
    for name in "workspace", "tenant", "type", "initiator":
        found[name] = ops.choices(name)
    return found


def detail(ops: Ops, number: int) -> tuple[Any, ...]:
    run = ops.run(number)
    return run.row, run.context, run.timing, run.stuck, run.lineage(), run.audit(), run.timeline()


def turn(ops: Ops, page: Page, limit: int, wanted: Row) -> list[Any]:
    """Page to the end and back again."""
    pages = [ops.read_list(page, limit=limit, **wanted)]
    while pages[-1].next:
        pages.append(ops.read_list(page, limit=limit, after=pages[-1].next, **wanted))
    rows = [shown.rows for shown in pages]
    back = pages[-1]
    for earlier in rows[-2::-1]:
        back = ops.read_list(page, limit=limit, before=back.previous, **wanted)
        assert back.rows == earlier
    return rows


FILTERS: list[Row] = [
    {},
    *({"status": status} for status in Status),
    *({"outcome": outcome} for outcome in Outcome),
    {"status": "queued,running"},
    {"workspace": 1},
    {"workspace": "Workspace 2"},
    {"tenant": 3},
    {"tenant": "Tenant 1"},
    {"tenant": "-"},
    {"type": "inventory.sync"},
    {"type": ["inventory.sync", "no.such"]},
    {"initiator": "Bob O'Hara"},
    {"since": "2h"},
    {"since": "3h", "until": before(minutes=90)},
    {"search": "17"},
    {"search": "#17"},
    {"search": "night"},
    {"search": "backup policies"},
    {"search": "100%"},
    {"search": "tenant 2"},
    {"status": "completed", "outcome": "failed", "type": "policies.backup", "workspace": 1, "since": "4h"},
]
