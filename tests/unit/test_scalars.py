"""Cells of a DataFrame as Python's own values."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from opsnb.scalars import plain

WHEN = datetime(2026, 1, 1, 12, 0, 0, 123456)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (np.int64(2**62), 2**62), (np.uint8(3), 3), (np.array(5), 5), (np.bool_(True), True), (np.str_("x"), "x"),
        (np.float64(1.5), 1.5), (np.float64("nan"), None), (float("nan"), None), (pd.NA, None), (pd.NaT, None),
        (np.datetime64("NaT"), None), (np.datetime64("2026-01-01T12:00:00.123456789"), WHEN),
        (pd.Timestamp("2026-01-01T12:00:00.123456789Z"), WHEN.replace(tzinfo=UTC)),
        (pd.Timedelta("1h"), timedelta(hours=1)), (np.timedelta64(3, "h"), timedelta(hours=3)),
        (None, None), ("", ""), (True, True), (5, 5), (WHEN, WHEN),
    ],
    ids=repr,
)  # fmt: skip
def test_a_cell_is_given_as_python_has_it(value, found):
    assert plain(value) == found
    assert type(plain(value)) is type(found)


def test_what_is_no_cell_is_given_back():
    for value in ([1], {}, object(), np.array(["a"]), pd.Series(["a"]), b"x"):
        assert plain(value) is value


def test_neither_numpy_nor_pandas_is_imported():
    code = "import sys, opsnb.scalars as s; s.plain(1), s.plain(None); assert not {'numpy', 'pandas'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
