"""Maps: what they may say, and how a bad one is refused."""

from pathlib import Path

import pytest

from opsnb.errors import BadInput
from opsnb.load import Map, find_map, read_map, shipped
from opsnb.load.rejects import Unfit
from opsnb.load.rows import RowReader

WHOLE = """
time = "milliseconds"
context = "rest"
keep = ["state"]

[columns]
type = "job.name"
status = "state"
outcome = "state"
created_at = "at"
id = false

[constants]
workspace = "ops"

[values.status]
DONE = "completed"
"" = "queued"

[values.outcome]
DONE = "succeeded"
"" = "pending"

[nulls]
stats = [-1, "", "n/a"]
tenant = ["-"]
"""


def test_a_whole_map() -> None:
    row = {
        "id": "0f3a",
        "job": {"name": "sync", "host": "h1"},
        "state": "DONE",
        "at": 1767323045000,
        "tenant": "-",
        "stats": {"a": -1, "b": [1, "n/a"], "c": ""},
    }
    run = RowReader(read_map(WHOLE), nul=True).run(row)
    assert (run["id"], run["workspace"], run["tenant"], run["type"]) == (None, "ops", None, "sync")
    assert (run["status"], run["outcome"]) == ("completed", "succeeded")
    assert run["context"] == (
        '{"id": "0f3a", "job": {"host": "h1"}, "state": "DONE", "stats": {"a": null, "b": [1, null], "c": null}}'
    )


def test_a_missing_value_can_have_a_meaning() -> None:
    run = RowReader(read_map(WHOLE), nul=True).run({"job": {"name": "sync"}, "at": 0})
    assert (run["status"], run["outcome"]) == ("queued", "pending")


def test_a_list_of_columns_is_the_context() -> None:
    reader = RowReader(read_map('context = ["build.id", "note"]'), nul=True)
    row = dict.fromkeys(("workspace", "type"), "x") | {"status": "queued", "outcome": "pending"}
    run = reader.run(row | {"created_at": "2026-01-01", "build": {"id": 1, "x": 2}, "note": "n", "other": 3})
    assert run["context"] == '{"build": {"id": 1}, "note": "n"}'


def test_without_a_map_columns_have_the_names_of_the_contract() -> None:
    row = {"workspace": "W", "type": "t", "status": "queued", "outcome": "pending", "created_at": "2026-01-01"}
    run = RowReader(Map(), nul=True).run(row | {"context": '{"a": 1}', "unknown": 1})
    assert (run["workspace"], run["context"], run["id"], run["started_at"]) == ("W", '{"a": 1}', None, None)


@pytest.mark.parametrize("column", ["workspace", "type", "status", "outcome", "created_at"])
def test_a_required_column_is_required(column: str) -> None:
    row = {"workspace": "W", "type": "t", "status": "queued", "outcome": "pending", "created_at": "2026-01-01"}
    with pytest.raises(Unfit, match="is required") as unfit:
        RowReader(Map(), nul=True).run(row | {column: ""})
    assert unfit.value.column == column


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("columns = 3", "columns must be a table"),
        ("a = [", "is not valid TOML"),
        ("colums = {}", "there is no key colums. Did you mean 'columns'"),
        ("[columns]\nstatuss = 'x'", "no column columns.statuss. Did you mean 'status'"),
        ("[columns]\nstatus = 3", "columns.status must name a column"),
        ("[columns]\nstatus = true", "columns.status must name a column"),
        ("[columns]\nstatus = ''", "columns.status must name a column"),
        ("[constants]\nid = 3", "no constant constants.id"),
        ("[constants]\nstatus = 'done'", "constants.status is 'done', which is none of queued, running, completed"),
        ("[constants]\ntype = []", "constants.type must be one plain value"),
        ("[columns]\ntype='a'\n[constants]\ntype='b'", "constants.type is given by columns too"),
        ("[values]\nstatus = 3", "values.status must be a table"),
        ("[values.statu]\na = 'b'", "no column values.statu"),
        ("[values.status]\nOK = 'done'", "values.status.OK is 'done', which is none of"),
        ("[nulls]\na = -1", "nulls.a must be a list"),
        ("[nulls]\na = [[]]", "nulls.a must be a list"),
        ("time = 'hours'", "time must be one of iso, seconds, milliseconds, not 'hours'"),
        ("time = []", "time must be one of"),
        ("context = 'all'", 'context must be "rest" or a list'),
        ("context = [1]", "context must be a list of columns"),
        ("context = 'rest'\n[columns]\ncontext = 'c'", "context is given by columns.context too"),
        ("keep = ['a']", 'keep goes only with context = "rest"'),
        ("context = 'rest'\nkeep = 'a'", "keep must be a list"),
    ],
)
def test_a_bad_map_is_refused_with_what_is_wrong(toml: str, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_map(toml, "The map m.toml")
    assert str(refused.value).startswith("The map m.toml")
    assert named in str(refused.value)


def test_every_shipped_map_can_be_read() -> None:
    assert "bitcoin-core-ci" in shipped()
    assert all(isinstance(find_map(name), Map) for name in shipped())


def test_a_map_that_is_nowhere(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no map 'nope'.*bitcoin-core-ci"):
        find_map("nope")
    with pytest.raises(BadInput, match="cannot be read"):
        find_map(str(tmp_path))


def test_a_map_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="is not UTF-8"):
        find_map(str(tmp_path / "m.toml"))
