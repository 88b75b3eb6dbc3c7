import json
from datetime import timedelta

import pytest

from opsnb.analysis import context_diff, differences, history, pair, timings
from opsnb.queries.masking import MASK, Masker
from opsnb.settings import SECRET_KEYS
from support.history import (
    NOW,
    OUTSIDER,
    add_audit,
    add_people,
    add_run,
    add_runs,
    add_tenant,
    add_workspace,
    before,
)

mask = Masker(SECRET_KEYS).mask


def failed(**fields):
    return {"outcome": "failed", "created_at": before(minutes=30), **fields}


def test_the_newest_failure_and_the_success_before_it(ops):
    old, newer, _, failure = add_runs(
        ops.database,
        [
            {"created_at": before(hours=3)},
            {"created_at": before(hours=2)},
            {"created_at": before(minutes=5)},
            failed(context={"error": "`disk` full"}),
        ],
    )
    found = pair(ops)
    assert (found.run.row.id, found.success.row.id) == (failure, newer)
    assert list(found.successes.frame["id"]) == [newer, old]
    assert f"**Operation #{failure}** (`Sync device inventory`, the platform) **failed**." in found.said
    assert "It says `` `disk` full ``." in found.said
    assert f"Operation #{newer}, the last success, created 1 h 30 min before it." in found.said


def test_the_tenants_own_success_comes_first(ops):
    workspace = add_workspace(ops.database, "Aurora")
    mine, other = (add_tenant(ops.database, workspace, name) for name in ("Mine", "Other"))
    failure, theirs = add_runs(
        ops.database, [failed(tenant_id=mine), {"tenant_id": other, "created_at": before(hours=1)}]
    )
    found = pair(ops, failure)
    assert found.success.row.id == theirs
    assert "of another tenant, for want of one of its own" in found.said
    own = add_run(ops.database, tenant_id=mine, created_at=before(hours=9))
    assert pair(ops, failure).success.row.id == own


def test_a_later_success_is_better_than_none(ops):
    failure, later = add_runs(ops.database, [failed(), {"created_at": before(minutes=1)}])
    found = pair(ops, failure)
    assert found.success.row.id == later
    assert "created 29 min 00 s after it" in found.said


def test_another_type_is_no_success_of_its_kind(ops):
    failure, _ = add_runs(ops.database, [failed(), {"type": "reports.export", "created_at": before(hours=5)}])
    found = pair(ops, failure)
    assert found.success is None
    assert "No operation of this type has ever succeeded here" in found.said
    assert list(timings(found)) == [f"#{failure}", "usual of 0"]
    assert differences(found, mask).empty


def test_a_run_that_did_not_fail_is_said_so(ops):
    live = add_run(ops.database, status="queued")
    assert "**did not fail: it is `queued`, `pending`**" in pair(ops, live).said


def test_nothing_failed(ops):
    add_run(ops.database)
    found = pair(ops)
    assert found.said == "No operation failed: there is nothing to compare."
    assert timings(found).empty
    assert differences(found, mask).empty
    assert history(found.run).empty


@pytest.mark.parametrize(
    ("number", "said"), [(999, "There is no Operation &#35;999;"), ("x", "An operation is named by its number")]
)
def test_a_number_that_leads_nowhere(ops, number, said):
    assert pair(ops, number).said.startswith(said)


def test_a_refusal_is_the_whole_answer(sqlite, ops_on):
    add_people(sqlite)
    found = pair(ops_on(sqlite, OUTSIDER), add_run(sqlite, **failed()))
    assert found.run is None
    assert found.said.startswith("Otto may not see operations")


def test_timings_stand_beside_what_is_usual(ops):
    spans = [(1, 10), (2, 20), (60, 300)]
    times = [
        {"created_at": at, "started_at": at + timedelta(seconds=q), "completed_at": at + timedelta(seconds=q + r)}
        for at, (q, r) in zip([before(hours=3), before(hours=2), before(hours=1)], spans, strict=True)
    ]
    failure = add_runs(ops.database, [*times, failed(started_at=before(minutes=29))])[-1]
    table = timings(pair(ops, failure))
    assert [str(dtype)[:11] for dtype in table.dtypes] == ["timedelta64"] * 3
    assert table["usual of 3"].tolist() == [timedelta(seconds=2), timedelta(seconds=20)]
    assert table[f"#{failure}"].iloc[0] == timedelta(minutes=1)
    assert table[f"#{failure}"].isna().tolist() == [False, True]


def test_only_what_differs_is_listed():
    one = {"same": 1, "host": "a", "hosts": ["x", {"port": 1}], "gone": None, "triage": {"investigated": {}}}
    two = {"same": 1, "host": "b", "hosts": ["x", {"port": 2}, "y"], "new": {"deep": {"er": True}}, "empty": {}}
    table = context_diff(one, two)
    assert table.to_dict("index") == {
        "host": {"this run": "a", "the other": "b"},
        "hosts[1].port": {"this run": "1", "the other": "2"},
        "gone": {"this run": "null", "the other": "—"},
        "hosts[2]": {"this run": "—", "the other": "y"},
        "new.deep.er": {"this run": "—", "the other": "true"},
        "empty": {"this run": "—", "the other": "{}"},
    }


def test_a_changed_secret_is_listed_and_never_shown():
    one = {"api_token": "old", "credentials": {"user": "u", "password": "p1"}, "keep_secret": "same"}
    two = {"api_token": "new", "credentials": {"user": "u", "password": "p2"}, "keep_secret": "same"}
    table = context_diff(one, two, mask)
    assert list(table.index) == ["api_token", "credentials"]
    assert set(table.to_numpy().ravel()) == {MASK}


def test_one_and_true_are_different_values():
    assert list(context_diff({"a": 1, "b": 1.0}, {"a": True, "b": 1}).index) == ["a", "b"]


def test_a_context_nested_beyond_sight_is_no_obstacle(ops):
    deep = json.loads("[" * 300 + "1" + "]" * 300)
    table = context_diff({"deep": deep}, {"deep": [deep]}, mask)
    assert len(table) == 1
    assert "nested too deeply" in table.iloc[0, 0]


def test_identical_contexts_have_no_difference():
    assert context_diff({"a": [1, {}]}, {"a": [1, {}]}).empty
    assert context_diff({}, {}).empty


def test_history_tells_of_acts_and_retries(ops):
    failure = add_run(ops.database, **failed(started_at=before(minutes=29)))
    retry = add_run(
        ops.database, status="queued", created_at=before(minutes=10), context={"triage": {"retry_of_run_id": failure}}
    )
    add_audit(ops.database, failure, "mark_investigated", metadata={"reason": "disk was full"}, recorded_at=NOW)
    table = history(ops.run(failure))
    assert list(table["operation"]) == [f"#{failure}", f"#{failure}", f"#{retry}", f"#{failure}", f"#{failure}"]
    assert f"Operation #{retry} was created as a retry of this one; it is queued" in list(table["what"])
    assert table["what"].iloc[3] == "Marked investigated by Mona: disk was full"
