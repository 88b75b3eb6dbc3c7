"""The columns that the record of a run is made of, in a list and in the detail alike; see `opsnb.queries.records`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Label, Table, select

from opsnb.models import operation_runs, tenants, workspaces
from opsnb.queries.errors_in_context import error_text
from opsnb.queries.marks import own_marks, retried_as

_STORED = [column for column in operation_runs.columns if column.name != "context"]


def own_columns(dialect: str, error_paths: Sequence[str] = ()) -> list[ColumnElement[Any]]:
    """Give what a run's own row holds: its columns, its triage marks and, where `error_paths` name it, its error."""
    return [*_STORED, *own_marks(dialect), error_text(dialect, error_paths).label("error")]


def looked_up(page: Any, dialect: str, *, retries: bool) -> list[Label[Any]]:
    """Give what is looked up for each row of `page`: its newest retry where an index finds it, and its places."""
    # Row by row: a filter whose cost PostgreSQL overestimates makes it read every tenant for every row.
    names = [_name(workspaces, page.c.workspace_id, "workspace"), _name(tenants, page.c.tenant_id, "tenant")]
    return [retried_as(page, dialect, indexed=retries), *names]


def _name(table: Table, number: ColumnElement[Any], label: str) -> Label[Any]:
    return select(table.c.name).where(table.c.id == number).scalar_subquery().label(label)
