from datetime import timedelta

from opsnb.analysis import gather
from opsnb.analysis.gather import trouble
from support.history import NOW, OUTSIDER, add_people, add_run, add_runs


def history(database, number):
    add_runs(database, [{"created_at": NOW - timedelta(minutes=n)} for n in range(number)])


def test_every_page_is_walked(ops):
    history(ops.database, 1_001)
    found = gather(ops.runs)
    assert len(found.frame) == 1_001
    assert found.frame["id"].is_unique
    assert found.frame["created_at"].is_monotonic_decreasing
    assert (found.complete, found.note, found.trouble) == (True, "", "")


def test_the_bound_cuts_and_says_so(ops):
    history(ops.database, 12)
    found = gather(ops.runs, limit=10)
    assert len(found.frame) == 10
    assert found.note == ("Only the newest 10 operations were read, back to 2026-11-23 13:51:00 UTC; there are more.")
    assert gather(ops.runs, limit=12).complete


def test_filters_reach_the_list(ops):
    add_run(ops.database, type="reports.export", outcome="failed", status="completed")
    history(ops.database, 3)
    assert list(gather(ops.failures, type="reports.export").frame["outcome"]) == ["failed"]


def test_an_empty_sample_has_all_columns(ops):
    empty = gather(ops.runs).frame
    history(ops.database, 1)
    assert list(empty.columns) == list(gather(ops.runs).frame.columns)


def test_a_refusal_is_said(sqlite, ops_on):
    add_people(sqlite)
    found = gather(ops_on(sqlite, OUTSIDER).runs)
    assert found.frame.empty
    assert found.trouble.startswith("Otto may not see operations")
    assert gather(ops_on(sqlite).runs, since="yesterday").trouble.startswith("since must be a time")


def test_trouble_tells_an_unknown_type_from_one_without_operations_today(ops):
    add_run(ops.database, type="inventory.sync")
    nothing = gather(ops.failures, type="inventory.sync")
    assert trouble(ops, "inventory.sync", nothing) == ""
    assert trouble(ops, None, nothing) == ""
    said = trouble(ops, "inventory.sink", gather(ops.runs, type="inventory.sink"))
    assert said == "No operation here is of type 'inventory.sink'. Did you mean 'inventory.sync'?"
