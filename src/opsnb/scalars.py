"""Values out of a DataFrame as Python's own, without importing numpy or pandas."""

from __future__ import annotations

import math
import sys
from datetime import datetime, timedelta
from typing import Any


def plain(value: Any) -> Any:
    """Give a numpy scalar, a pandas Timestamp or Timedelta as Python has it, and NA, NaT and NaN as None.

    Anything else is given back as it is. Times and spans are cut to microseconds.
    """
    if _is_missing(value):
        return None
    if isinstance(value, datetime | timedelta):
        return _plain_time(value)
    if isinstance(value, int | str) and type(value) in (int, str, bool):
        return value
    dtype = getattr(value, "dtype", None)
    if dtype is None or getattr(value, "ndim", None) != 0:
        return value
    if dtype.kind in "mM":  # nanoseconds would come out as a number
        value = value.astype(f"{dtype.kind}8[us]")
    found = value.item()
    return None if _is_missing(found) else found


def _is_missing(value: object) -> bool:
    pandas = sys.modules.get("pandas")  # where nobody has imported it, nobody has a value of it
    return (pandas is not None and (value is pandas.NA or value is pandas.NaT)) or (
        isinstance(value, float) and math.isnan(value)
    )


def _plain_time(value: datetime | timedelta) -> datetime | timedelta:
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)  # type: ignore[no-any-return]
    if hasattr(value, "to_pytimedelta"):
        return value.to_pytimedelta()  # type: ignore[no-any-return]
    return value
