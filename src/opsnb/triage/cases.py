"""Reads what a decision depends on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select

from opsnb.catalog import Catalog
from opsnb.errors import RunNotFound
from opsnb.models import as_utc
from opsnb.queries.context import read_context, read_id
from opsnb.queries.detail import missing
from opsnb.triage import statements
from opsnb.triage.decide import Case, Retry


def read_case(connection: Connection, catalog: Catalog, run_id: int, *, lock: bool) -> Case:
    """Read a run and its live retry; with `lock`, keep the run from changing until the caller's transaction ends.

    What is only worth knowing before an act, see `with_relatives`, is left out.

    Raises
    ------
    RunNotFound
        If no run has that number.
    """
    dialect = connection.dialect.name
    fits = -(2**63) <= run_id < 2**63
    rows = connection.execute(statements.one(dialect, lock=lock), {"id": run_id}).all() if fits else ()
    if not rows:
        raise RunNotFound(missing(run_id))
    ((*values, context),) = rows
    run = {name: _words(value) for name, value in zip(statements.ONE, values, strict=True)}
    run["completed_at"] = as_utc(run["completed_at"])
    live = _retry(connection, statements.live_retry(dialect), run_id)
    return Case(run, read_context(context), catalog.get(run["type"]), live)


def with_relatives(connection: Connection, case: Case, *, finds_retries: bool) -> Case:
    """Add the live sibling and the last finished retry of a case; the latter only where an index finds it."""
    dialect = connection.dialect.name
    source = read_id(case.triage.get("retry_of_run_id"))
    sibling = _retry(connection, statements.live_retry(dialect), source) if source is not None else None
    earlier = _retry(connection, statements.finished_retry(dialect), case.run["id"]) if finds_retries else None
    return replace(case, sibling=sibling if sibling and sibling.id != case.run["id"] else None, earlier=earlier)


def _retry(connection: Connection, statement: Select[Any], parent: int) -> Retry | None:
    for number, by, at, status in connection.execute(statement, {"parent": str(parent)}):
        return Retry(number, _words(by), as_utc(at), _words(status))
    return None


def _words(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
