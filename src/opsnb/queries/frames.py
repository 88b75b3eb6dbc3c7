"""Records as DataFrames; the only module that imports pandas, and nobody imports it before a frame is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, get_args, get_type_hints

import pandas as pd

from opsnb.queries.records import RunRow


def frame(rows: Iterable[tuple[object, ...]], kind: Any = RunRow) -> pd.DataFrame:
    """Give records of a named tuple `kind` one column a field: alike when empty.

    A field's type gives the dtype: int is Int64, datetime ``datetime64[us, UTC]``, timedelta ``timedelta64[us]``, bool
    boolean, str string.
    """
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) or [()] * len(kind._fields)
    named = zip(kind._fields, columns, strict=True)
    return pd.DataFrame(
        {name: _column(type_, values) for (name, values), type_ in zip(named, _types(kind), strict=True)}
    )


def _types(kind: Any) -> list[Any]:
    """Give the types of the fields, without None."""
    hints = get_type_hints(kind)
    found = (({*get_args(hints[name])} or {hints[name]}) - {NoneType} for name in kind._fields)
    return [one for (one,) in found]


def _column(type_: Any, values: Iterable[object]) -> pd.Series:
    if type_ is datetime:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object), utc=True)).astype("datetime64[us, UTC]")
    if type_ is int:  # SQLite lets anything into a column of numbers
        return pd.Series([value if isinstance(value, int) else None for value in values], dtype="Int64")
    if type_ is timedelta:
        return pd.Series(pd.to_timedelta(pd.Series(values, dtype=object))).astype("timedelta64[us]")
    return pd.Series(list(values), dtype="boolean" if type_ is bool else "string")
