"""Whatever a cell of a page's DataFrame holds can be given back as a filter."""

import numpy as np
import pandas as pd
import pytest

from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.ops import Ops
from support.history import add_run, add_tenant, before


@pytest.fixture
def frame(database: Database, ops: Ops) -> pd.DataFrame:
    add_run(database, created_at=before(hours=2))
    tenant = add_tenant(database, 1, "Contoso")
    add_run(database, tenant_id=tenant, outcome="failed", created_at=before(minutes=30, microseconds=-250))
    return ops.runs().to_frame()


def test_each_cell_is_a_filter(ops: Ops, frame: pd.DataFrame) -> None:
    newest, number = frame.iloc[0], int(frame["id"].iloc[0])
    for asked in (
        {"tenant": frame["tenant_id"].to_numpy(dtype="int64", na_value=0)[0]}, {"tenant": newest["tenant_id"]},
        {"tenant": newest["tenant"]}, {"search": np.int64(number)}, {"outcome": newest["outcome"]},
        {"outcome": frame["outcome"].iloc[:1]}, {"type": frame["type"].to_numpy(), "tenant": newest.tenant_id},
        {"since": newest["created_at"]}, {"since": frame["created_at"].to_numpy()[0]}, {"since": pd.Timedelta("1h")},
        {"since": np.timedelta64(1, "h")}, {"unhandled": np.bool_(True)}, {"workspace": newest["workspace_id"],
         "limit": np.int64(1)},
    ):  # fmt: skip
        assert [row.id for row in ops.runs(**asked).rows] == [number], asked
    assert len(ops.runs(workspace=np.int64(1), tenant=pd.NA, initiator=np.nan, until=pd.NaT).rows) == 2
    assert ops.label("tenant", frame["tenant_id"].iloc[0]) == "Contoso"


def test_a_cell_names_an_operation(ops: Ops, frame: pd.DataFrame) -> None:
    number = np.int64(frame["id"].iloc[0])
    assert ops.run(number).id == number
    assert f"Operation #{number}" in repr(ops.console("run", number))
    assert "Operations" in repr(ops.console("run", pd.NA))


@pytest.mark.parametrize("value", [np.float64(1.5), np.array([1, 2]), pd.Series([1])], ids=repr)
def test_what_is_no_cell_of_a_place_is_refused(ops: Ops, value: object) -> None:
    with pytest.raises(BadInput, match="tenant must be"):
        ops.runs(tenant=value)
