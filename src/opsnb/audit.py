"""Audit rows, written inside the caller's transaction: an act and its record stand or fall together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, text

from opsnb import gate
from opsnb.access import Actor
from opsnb.models import audit_logs

RESOURCE = "operation_run"
LONGEST_REFUSAL = 2000


class Action(StrEnum):
    """What is recorded; the values are the contract's."""

    RETRY = "platform.system_console.retry"
    CANCEL = "platform.system_console.cancel"
    MARK_INVESTIGATED = "platform.system_console.mark_investigated"


class Result(StrEnum):
    """What came of an attempt: done, refused for the run's state, or denied for lack of a capability."""

    SUCCESS = "success"
    REFUSED = "refused"
    DENIED = "denied"


def record(
    connection: Connection,
    actor: Actor,
    action: Action,
    run: Mapping[str, Any],
    result: Result,
    metadata: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write one audit row about `run` (its id, workspace_id and tenant_id) at `now` (tz-aware).

    Where the gate holds the actor's login, the database has written what was done, and is told what was refused.
    """
    if actor.bound:
        if result is not Result.SUCCESS:
            record_refusal(connection, action, run["id"], result, str(metadata["refusal"]))
        return
    connection.execute(
        insert(audit_logs).inline(),
        {
            "workspace_id": run["workspace_id"],
            "tenant_id": run["tenant_id"],
            "actor_id": actor.id,
            "actor_name": actor.name,
            "actor_email": actor.email,
            "action": action,
            "resource_type": RESOURCE,
            "resource_id": run["id"],
            "status": result,
            "metadata": dict(metadata),
            "recorded_at": now,
        },
    )


def record_refusal(connection: Connection, action: Action, run_id: int, result: Result, refusal: str) -> None:
    """Let the gate put a refusal on record; it finds out itself about whom, and how the run stands."""
    values = {"run_id": run_id, "action": action.value, "status": result.value, "refusal": refusal[:LONGEST_REFUSAL]}
    connection.execute(text(f"SELECT {gate.REFUSE}(:run_id, :action, :status, :refusal)"), values)
