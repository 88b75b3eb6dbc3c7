from datetime import timedelta

import pytest

from opsnb.analysis import oldest, waiting, waiting_by, who_waits
from support.history import NOW, OUTSIDER, add_people, add_run, add_runs, add_tenant, add_workspace, before


def said(ops, type_=None):
    return who_waits(ops, type_, waiting(ops, type_))


@pytest.fixture
def queue(ops):
    tenant = add_tenant(ops.database, add_workspace(ops.database, "Aurora"), "Fabrikam")
    fields = [
        {"status": "queued", "created_at": before(minutes=2)},
        {"status": "queued", "created_at": before(hours=1), "tenant_id": tenant},
        {"status": "running", "created_at": before(hours=5), "started_at": before(minutes=5), "type": "reports.export"},
        {"created_at": before(hours=9), "started_at": before(hours=8)},
    ]
    return ops, add_runs(ops.database, fields)


def test_the_longest_wait_comes_first(queue):
    ops, (short, long, running, _) = queue
    found = waiting(ops).frame
    assert list(found["id"]) == [long, running, short]
    assert list(found["waits"]) == [timedelta(hours=1), timedelta(minutes=5), timedelta(minutes=2)]
    assert list(found["stuck_class"].fillna("")) == ["Queued 1 h 00 min, limit 10 min", "", ""]


def test_groups_count_statuses_and_the_stuck(queue):
    ops, _ = queue
    table = waiting_by(waiting(ops).frame, "tenant")
    assert table.drop(columns="longest").to_dict("index") == {
        "Fabrikam": {"queued": 1, "running": 0, "stuck": 1},
        "Platform": {"queued": 1, "running": 1, "stuck": 0},
    }
    assert table["longest"].iloc[0] == timedelta(hours=1)


def test_the_list_reads_by_operation(queue):
    ops, (_, long, _, _) = queue
    table = oldest(waiting(ops).frame)
    assert table.index[0] == f"#{long}"
    assert table.iloc[0]["tenant"] == "Fabrikam"


def test_the_answer_in_words(queue):
    ops, (_, long, _, _) = queue
    assert said(ops) == (
        "**2 queued, 1 running.** "
        f"The longest wait is that of Operation #{long} (`Sync device inventory`): 1 h 00 min.\n\n"
        f"**1 of them stuck**, first of all Operation #{long}: `Queued 1 h 00 min, limit 10 min`.\n\n"
        "An operation last started 5 min ago."
    )


def test_one_type_alone(queue):
    ops, _ = queue
    assert said(ops, "reports.export").startswith("**0 queued, 1 running.**")
    assert "None of them is stuck." in said(ops, "reports.export")


def test_nobody_waits(ops):
    assert said(ops) == (
        "**Nobody waits:** no operation is queued or running.\n\nNone of the newest 200 operations has started yet."
    )
    assert waiting_by(waiting(ops).frame, "type").empty
    assert oldest(waiting(ops).frame).empty


def test_a_type_nobody_has(queue):
    ops, _ = queue
    assert said(ops, "reports.exprot").endswith("Did you mean 'reports&#46;export'?")


def test_no_access(sqlite, ops_on):
    add_people(sqlite)
    add_run(sqlite, status="queued")
    outsider = ops_on(sqlite, OUTSIDER)
    found = waiting(outsider)
    assert who_waits(outsider, None, found).startswith("Otto may not see operations")
    assert waiting_by(found.frame, "tenant").empty
    assert oldest(found.frame).empty


def test_a_start_ahead_of_the_clock_is_no_movement(ops):
    add_run(ops.database, status="running", started_at=NOW + timedelta(hours=1))
    assert "None of the newest 200 operations has started yet." in said(ops)
