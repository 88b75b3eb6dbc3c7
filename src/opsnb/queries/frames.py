"""Records as DataFrames; the only module that imports pandas, and nobody imports it before a frame is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from opsnb.queries.records import RunRow

_NUMBERS = {
    "id", "workspace_id", "tenant_id", "retry_of", "retried_as", "failures", "last_hour", "last_day", "last_week",
    "tenants", "example", "succeeded", "partially_succeeded", "blocked", "failed", "running", "queued", "other",
}  # fmt: skip
_TIMES = {"created_at", "started_at", "completed_at", "first_seen", "last_seen", "start"}
_SPANS = {"queued_for", "ran_for"}


def frame(rows: Iterable[tuple[object, ...]], kind: Any = RunRow) -> pd.DataFrame:
    """Give records of a named tuple `kind` one column a field: alike when empty.

    Numbers are Int64, times ``datetime64[us, UTC]``, spans ``timedelta64[us]``, marks boolean, the rest is text.
    """
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) or [()] * len(kind._fields)
    return pd.DataFrame({n: _column(n, values) for n, values in zip(kind._fields, columns, strict=True)})


def _column(name: str, values: Iterable[object]) -> pd.Series:
    if name in _TIMES:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object), utc=True)).astype("datetime64[us, UTC]")
    if name in _NUMBERS:  # SQLite lets anything into a column of numbers
        return pd.Series([value if isinstance(value, int) else None for value in values], dtype="Int64")
    if name in _SPANS:
        return pd.Series(pd.to_timedelta(pd.Series(values, dtype=object))).astype("timedelta64[us]")
    return pd.Series(list(values), dtype="boolean" if name == "this" else "string")
