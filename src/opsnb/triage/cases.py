"""Reads what a decision depends on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from opsnb.catalog import Catalog
from opsnb.errors import RunNotFound
from opsnb.models import as_utc
from opsnb.queries.context import read_context
from opsnb.queries.detail import missing
from opsnb.triage import statements
from opsnb.triage.decide import Case, LiveRetry


def read_case(connection: Connection, catalog: Catalog, run_id: int, *, lock: bool) -> Case:
    """Read a run and its live retry; with `lock`, keep the run from changing until the caller's transaction ends.

    Raises
    ------
    RunNotFound
        If no run has that number.
    """
    dialect = connection.dialect.name
    fits = -(2**63) <= run_id < 2**63
    found = connection.execute(statements.one(dialect, lock=lock), {"id": run_id}).first() if fits else None
    if found is None:
        raise RunNotFound(missing(run_id))
    run = {name: _words(value) for name, value in found._mapping.items() if name != "context"}
    run["completed_at"] = as_utc(run["completed_at"])
    other = connection.execute(statements.live_retry(dialect), {"parent": str(run_id)}).first()
    live = LiveRetry(other.id, _words(other.initiator_name), as_utc(other.created_at), other.status) if other else None
    return Case(run, read_context(found.context), catalog.get(run["type"]), live)


def _words(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
