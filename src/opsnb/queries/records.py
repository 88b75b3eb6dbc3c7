"""What queries give back: plain typed records; every time is tz-aware UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from opsnb.catalog import Catalog
from opsnb.models import as_utc
from opsnb.queries.context import read_id


class RunRow(NamedTuple):
    """One operation, on a list and in the detail; a DataFrame has these columns, with dtypes after these types.

    `workspace` and `tenant` are names; `tenant_id` None is a platform operation. `label` is the catalog's. `error` is
    a short text on the failures list and in the detail, `stuck_class` a label on the stuck list and in the detail; on
    other lists both are None.
    `investigated_by` names who marked it ("" where nobody stands there), `retry_of` the run that it retries,
    `retried_as` its newest retry (only where the database has the index for it), `retried_state` that one's status, or
    its outcome once it completed.
    """

    id: int
    type: str
    label: str
    workspace_id: int
    workspace: str | None
    tenant_id: int | None
    tenant: str | None
    initiator_name: str | None
    status: str
    outcome: str
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None = None
    stuck_class: str | None = None
    investigated_by: str | None = None
    retry_of: int | None = None
    retried_as: int | None = None
    retried_state: str | None = None


def as_text(value: object) -> str | None:
    """Read text as the database gave it: a number in its digits, bytes as UTF-8 as far as they are."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# The columns of a row as it is read, in the order of the statements; `opsnb.queries.columns` writes them.
LISTED = (
    "id", "workspace_id", "tenant_id", "initiator_name", "type", "status", "outcome", "created_at", "started_at",
    "completed_at", "investigated_by", "retry_of", "error", "retried_as", "workspace", "tenant",
)  # fmt: skip


Reason = Callable[[str, str, datetime | None, datetime | None], str | None]


def list_rows(rows: Iterable[Sequence[Any]], catalog: Catalog, reason: Reason | None = None) -> list[RunRow]:
    """Make the records of a list's rows: what is as it should be is taken as it is, for there are many of them.

    `reason` says what stands under `stuck_class`, by status, type, created_at and started_at.
    """
    label = catalog.label_of
    return [
        _record(RunRow, (
            number, kind := type_ if type(type_) is str else as_text(type_) or "", label(kind),
            workspace_id, workspace if type(workspace) is str else as_text(workspace),
            tenant_id, tenant if type(tenant) is str else as_text(tenant),
            initiator if type(initiator) is str else as_text(initiator),
            state := status if type(status) is str else as_text(status) or "",
            outcome if type(outcome) is str else as_text(outcome) or "",
            began := as_utc(created), ran := as_utc(started), as_utc(completed), error,
            reason(state, kind, began, ran) if reason else None, investigated_by,
            None if retry_of is None else read_id(retry_of),
            *(_NOT_RETRIED if retried is None else _retry(retried)),
        ))
        for number, workspace_id, tenant_id, initiator, type_, status, outcome, created, started, completed,
            investigated_by, retry_of, error, retried, workspace, tenant in rows
    ]  # fmt: skip


_NOT_RETRIED = (None, None)
_record = tuple.__new__  # what `RunRow` itself comes to in the end


def _retry(words: object) -> tuple[int, str]:
    """Read the newest retry of a run, as `marks.retried_as` writes it, as its number and its state."""
    number, _, state = str(words).partition(" ")
    return int(number), state


class Timing(NamedTuple):
    """How long a run queued and ran; None where it is not known, negative where clocks disagree."""

    queued_for: timedelta | None
    ran_for: timedelta | None


def timing(
    created: datetime | None, started: datetime | None, completed: datetime | None, now: datetime | None
) -> Timing:
    """Work out a run's phases; an open phase runs until `now`, which is None for a finished run."""
    queue_end = started or completed or now
    run_end = completed or now
    return Timing(
        queue_end - created if created and queue_end else None,
        run_end - started if started and run_end else None,
    )
