"""The different values of a column that an index leads: a plain DISTINCT would read the whole history."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, literal_column, select

from opsnb.models import operation_runs


def hops(column: ColumnElement[Any], most: ColumnElement[int]) -> Subquery:
    """Hop along the index from value to value: `value` and its `number` from 1 on, at most so many."""
    first, other = (operation_runs.alias(name).c[str(column.key)] for name in ("first", "other"))
    one: Any = literal_column("1")
    tree = select(_least(select(first).where(first.is_not(None)), first).label("value"), one.label("number"))
    hop = tree.cte(f"hops_{column.key}", recursive=True)
    onward = _least(select(other).where(other > hop.c.value), other, hop)
    hop = hop.union_all(select(onward, hop.c.number + one).where(hop.c.value.is_not(None), hop.c.number < most))
    return select(hop.c.value, hop.c.number).where(hop.c.value.is_not(None)).subquery(f"kinds_{column.key}")


def _least(values: Select[Any], column: Any, *outer: Any) -> Any:
    return values.order_by(column).limit(literal_column("1")).correlate(*outer).scalar_subquery()
