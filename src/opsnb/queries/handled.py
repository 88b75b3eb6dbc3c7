"""Which failures still need somebody: nobody investigated them, and nothing that retried them has succeeded."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, false, literal_column, true

from opsnb.queries.marks import investigated_by
from opsnb.schema import RETRY_OF

# So many retries of one failure are looked at, nearest generations first.
MAX_RETRIES = 50


def unhandled(dialect: str, *, retries: bool) -> ColumnElement[bool]:
    """Write the condition on a failed run; `retries` says that an index makes it cheap to find what retried it.

    A retry that lives, failed, was blocked or succeeded in part handles nothing. Without the index nobody can tell
    what came of the retries, so that a failure counts as unhandled until it is marked as investigated.
    """
    nobody: ColumnElement[bool] = investigated_by(dialect).is_(None)
    if dialect == "postgresql":  # which takes that for seldom, but half of them for a case
        nobody = case((nobody, true()), else_=false())
    return and_(nobody, literal_column(f"NOT EXISTS ({_succeeded(dialect)})")) if retries else nobody


def _succeeded(dialect: str) -> str:
    """Write the question for a retry that succeeded, of a run or of its retries, with the limit in the recursion."""
    if dialect == "sqlite":
        first = f"SELECT retry.id, {_SUCCEEDED} {_retries_of('operation_runs', dialect)}"
        # By a subquery and not by a join, see `detail.fetch_lineage`.
        found = f"SELECT next.id {_retries_of('tree', dialect, 'next')}"
        step = f"SELECT retry.id, {_SUCCEEDED} FROM tree JOIN operation_runs AS retry ON retry.id IN ({found})"
        return f"WITH RECURSIVE {_TREE} ({first} UNION ALL {step} LIMIT {MAX_RETRIES}) SELECT 1 FROM tree WHERE found"
    each = "(SELECT retry.id, {what} {retries} LIMIT {most}) AS found"
    first, step = (
        each.format(what=_SUCCEEDED, retries=_retries_of(run, dialect), most=MAX_RETRIES)
        for run in ("operation_runs", "tree")
    )
    tree = f"SELECT * FROM {first} UNION ALL SELECT found.* FROM tree CROSS JOIN LATERAL {step}"
    nearest = f"(SELECT found FROM tree LIMIT {MAX_RETRIES}) AS nearest"
    return f"WITH RECURSIVE {_TREE} ({tree}) SELECT 1 FROM {nearest} WHERE found"


def _retries_of(run: str, dialect: str, name: str = "retry") -> str:
    """Write what retried `run`, as the index has it; the bare column in its expression is the inner table's."""
    parent = f"({RETRY_OF[dialect]})"
    # A cycle in hostile data must end: a retry's number is always the higher one.
    return (
        f"FROM operation_runs AS {name} WHERE {parent} IS NOT NULL"
        f" AND {parent} = '' || CAST({run}.id AS TEXT) AND {name}.id > {run}.id"
    )


_TREE = "tree (id, found) AS"
_SUCCEEDED = "retry.status = 'completed' AND retry.outcome = 'succeeded'"
