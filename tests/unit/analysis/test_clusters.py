from datetime import timedelta

import pandas as pd
import pytest

from opsnb.analysis import clusters, error_clusters, gather, most_failing, where
from opsnb.analysis.clusters import GROUPS
from support.history import NOW, OUTSIDER, add_people, add_run, add_runs, add_tenant, add_workspace, execute


def run(failed, minutes=0, **fields):
    return {"outcome": "failed" if failed else "succeeded", "created_at": NOW - timedelta(minutes=minutes), **fields}


def finished(ops, **wanted):
    return gather(ops.runs, status="completed", **wanted)


def answer(ops, type_=None, since="7d"):
    return where(
        ops, type_, since, finished(ops, type=type_, since=since), gather(ops.failures, type=type_, since=since)
    )


@pytest.fixture
def two_tenants(ops):
    """Tenant Bad fails 9 times in 10, tenant Good once in 40, the platform never in 10."""
    workspace = add_workspace(ops.database, "Aurora")
    good, bad = (add_tenant(ops.database, workspace, name) for name in ("Good", "Bad"))
    rows = [run(n == 7, n, tenant_id=good) for n in range(40)]
    rows += [run(n != 7, n, tenant_id=bad, context={"error": {"message": f"timeout after {n} s"}}) for n in range(10)]
    rows += [run(False, n) for n in range(10)]
    add_runs(ops.database, rows)
    return ops


def test_groups_are_counted_beside_all_others(two_tenants):
    table = clusters(finished(two_tenants).frame, "tenant")
    assert list(table.index) == ["Bad", "Good"]
    bad = table.loc["Bad"]
    assert (bad["runs"], bad["failed"], bad["failing"], bad["elsewhere"]) == (10, 9, 0.9, 1 / 50)


def test_a_single_group_has_nothing_elsewhere(two_tenants):
    table = clusters(finished(two_tenants).frame, "workspace")
    assert table["elsewhere"].isna().all()


@pytest.mark.parametrize("by", GROUPS)
def test_every_grouping_adds_up(two_tenants, by):
    frame = finished(two_tenants).frame
    assert clusters(frame, by)["failed"].sum() == 10
    assert clusters(frame.head(0), by).empty


def test_namesakes_stay_apart(ops):
    workspaces = [add_workspace(ops.database, name) for name in ("Aurora", "Borealis")]
    tenants = [add_tenant(ops.database, workspace, "Fabrikam") for workspace in workspaces]
    add_runs(ops.database, [run(True, tenant_id=t, workspace_id=w) for t, w in zip(tenants, workspaces, strict=True)])
    table = clusters(finished(ops).frame, "tenant")
    assert sorted(table.index) == sorted(f"Fabrikam #{tenant}" for tenant in tenants)


def test_hours_are_those_of_creation_in_utc(ops):
    add_run(ops.database, **run(True, 61))
    frame = finished(ops).frame
    assert list(clusters(frame, "hour").index) == ["2026-11-23 12:00 UTC"]
    assert list(clusters(frame, "hour of day").index) == ["12:00 UTC"]


def test_a_time_that_cannot_be_read_is_a_group_of_its_own(sqlite, ops_on):
    add_people(sqlite)
    add_run(sqlite, **run(True))
    execute(sqlite, "UPDATE operation_runs SET created_at = 'no time'")
    assert list(clusters(finished(ops_on(sqlite)).frame, "hour").index) == ["unknown"]


def test_errors_that_differ_in_a_number_are_one(ops):
    job = "3f2b8a9c-1d2e-4f5a-8b7c-9d0e1f2a3b4c"
    texts = [
        "timeout after 30 s", "timeout after 31 s\nTraceback …", "HTTP 503 from directory", "HTTP 429 from directory",
        f"job {job} lost", f"job {job[::-1]} lost", None,
    ]  # fmt: skip
    add_runs(ops.database, [run(True, n, context={"error": t} if t else {}) for n, t in enumerate(texts)])
    table = error_clusters(gather(ops.failures).frame)
    assert dict(table["failed"])["timeout after <n> s"] == 2
    assert {"HTTP 503 from directory", "HTTP 429 from directory", "no error text"} <= set(table.index)
    assert table["share"].sum() == pytest.approx(1)
    assert table.loc["timeout after <n> s", "last"] == pd.Timestamp(NOW)


def test_an_error_cluster_names_its_newest_operation(ops):
    numbers = add_runs(ops.database, [run(True, n, context={"error": "lost"}) for n in range(3)])
    assert error_clusters(gather(ops.failures).frame).loc["lost", "example"] == f"#{numbers[0]}"


def test_the_answer_names_what_stands_out(two_tenants):
    said = answer(two_tenants)
    assert said.startswith("**10 of 60 finished operations failed (17 %)** in the last 7 days.")
    assert "- tenant `Bad`: 9 failures; 90 % of its runs failed, against 2 % elsewhere" in said
    assert "`Good`" not in said
    assert "The most frequent error, in 9 of 10 failures, is `timeout after <n> s`." in said


def test_failures_spread_evenly_are_no_cluster(ops):
    workspace = add_workspace(ops.database, "Aurora")
    tenants = [add_tenant(ops.database, workspace, name) for name in "ABCDE"]
    add_runs(ops.database, [run(n % 5 == 0, n * 7, tenant_id=tenants[n % 4]) for n in range(200)])
    assert "No tenant, workspace or hour stands out" in answer(ops)


def test_a_handful_is_needed_for_a_cluster(ops):
    tenant = add_tenant(ops.database, add_workspace(ops.database, "Aurora"), "Small")
    add_runs(ops.database, [run(True, n, tenant_id=tenant) for n in range(4)] + [run(False, n) for n in range(500)])
    assert "Small" not in answer(ops)


def test_all_failing_is_said_without_a_cluster(ops):
    add_runs(ops.database, [run(True, n * 50) for n in range(12)])
    said = answer(ops)
    assert "12 of 12 finished operations failed (100 %)" in said
    assert "The newest 12 of them all failed." in said
    assert "12 of 12 failures carry no error text" in said


def test_nothing_failed(ops):
    add_run(ops.database)
    assert answer(ops, "inventory.sync") == (
        "**None of 1 finished operations of type `Sync device inventory` failed** in the last 7 days."
    )
    assert answer(ops, since=None).endswith("in all that is recorded.")
    assert answer(ops, since="2026-11-20").endswith("since `2026-11-20`.")


def test_nothing_at_all(ops):
    assert answer(ops) == "**None of 0 finished operations failed** in the last 7 days."
    assert "No operation here is of type" in answer(ops, "reports.export")
    assert most_failing(ops) is None


def test_a_refusal_is_the_whole_answer(sqlite, ops_on):
    add_people(sqlite)
    add_run(sqlite, **run(True))
    outsider = ops_on(sqlite, OUTSIDER)
    assert most_failing(outsider, "7d") is None
    assert answer(outsider).startswith("Otto may not see operations")
    assert "failed" not in answer(outsider)


def test_the_type_with_most_failures(ops):
    add_runs(ops.database, [run(True, type=t) for t in ("b", "a", "a")] + [run(False, type="b")] * 5)
    assert most_failing(ops, "7d") == "a"
