"""What triage left on a run, as the quiet marks of a list's row: investigated, retry of, retried as."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Label, Select, Text, case, cast, func, literal_column, select

from opsnb.models import Status, operation_runs
from opsnb.queries.errors_in_context import UNREADABLE
from opsnb.schema import RETRY_OF


def own_marks(dialect: str) -> list[Label[Any]]:
    """Write what a run's own context says: who investigated it, and which run it retries."""
    return [investigated_by(dialect).label("investigated_by"), retry_of(dialect).label("retry_of")]


def investigated_by(dialect: str) -> ColumnElement[Any]:
    """Write who marked a run as investigated, "" where nobody stands there, NULL where nobody did."""
    return _readable(_INVESTIGATED[dialect], dialect)


def retry_of(dialect: str) -> ColumnElement[Any]:
    """Write the number of the run that a run retries, as text, whatever its context holds.

    Only the bare expression of `RETRY_OF` is found by the index.
    """
    return _readable(f"({RETRY_OF[dialect]})", dialect)


def _readable(text: str, dialect: str) -> ColumnElement[Any]:
    guarded = text if dialect == "sqlite" else f"CASE WHEN {UNREADABLE} THEN NULL ELSE {text} END"
    return literal_column(guarded, Text)


def retried_as(page: Any, dialect: str, *, indexed: bool) -> Label[Any]:
    """Write the newest retry of each row of `page` as one text, "id state"; NULL without the index on them.

    The state is the outcome of a completed retry and the status of any other; it may hold blanks, and be empty.
    """
    if not indexed:
        return literal_column("NULL", Text).label("retried_as")
    retry = operation_runs.alias("retry")
    # The bare column of the index's expression is the inner table's, which comes before that of `page`.
    parent: ColumnElement[Any] = literal_column(f"({RETRY_OF[dialect]})", Text)
    is_completed = cast(retry.c.status, Text) == literal_column(f"'{Status.COMPLETED}'")
    state = case((is_completed, cast(retry.c.outcome, Text)), else_=cast(retry.c.status, Text))
    words = (
        cast(retry.c.id, Text).concat(literal_column("' '", Text)).concat(func.coalesce(state, literal_column("''")))
    )
    newest: Select[Any] = select(words).where(parent.is_not(None), parent == as_parent(page.c.id))
    order = in_index(parent.desc(), retry.c.id.desc(), dialect)
    return newest.order_by(*order).limit(literal_column("1")).correlate(page).scalar_subquery().label("retried_as")


def in_index(parent: Any, number: Any, dialect: str) -> tuple[Any, ...]:
    """Order the retries of one run as the index on retries has them.

    Under row security PostgreSQL does not conclude that with one parent the number alone is that order; SQLite does.
    """
    return (number,) if dialect == "sqlite" else (parent, number)


def as_parent(number: Any) -> ColumnElement[Any]:
    """Write a run's number as its retries' contexts name it.

    A bare cast would have the affinity of text in SQLite, which keeps it from using the index of an expression.
    """
    return literal_column("''", Text).concat(cast(number, Text))


_INVESTIGATED = {
    "sqlite": "CASE WHEN json_valid(context) AND json_type(context, '$.triage.investigated') = 'object'"
    " THEN coalesce(context ->> '$.triage.investigated.by', '') END",
    "postgresql": "CASE WHEN json_typeof(CAST(context #> '{triage,investigated}' AS json)) = 'object'"
    " THEN coalesce(context #>> '{triage,investigated,by}', '') END",
}
