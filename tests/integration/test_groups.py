"""Failure groups, and the lists that one group filters; every figure is the one that pandas finds."""

from datetime import timedelta

import pandas as pd
import pytest

from opsnb import links
from opsnb.errors import AccessDenied, BadInput
from opsnb.links import Page
from opsnb.queries import members
from opsnb.queries.fingerprints import fingerprint, shape
from opsnb.settings import Settings
from support.history import NOW, OUTSIDER, add_people, add_run, add_runs, add_tenant, add_workspace, before
from support.statements import recorded

MESSAGES = ("request {} timed out", "disk {} is full", "exit code 137", None, "password={} is wrong")


def by_pandas(ops, **wanted):
    """All failures as a frame, read page by page, with the shape of each error."""
    rows, page = [], ops.failures(limit=500, **wanted)
    rows += page.rows
    while page.next:
        page = ops.failures(limit=500, after=page.next, **wanted)
        rows += page.rows
    frame = pd.DataFrame([row._asdict() for row in rows])
    frame["shape"] = [shape(text) for text in frame["error"]]
    frame["group"] = [fingerprint(*key) for key in zip(frame["type"], frame["shape"], strict=True)]
    return frame


@pytest.mark.parametrize("paths", [Settings().error_paths, ("commands.-1.cmd", "status")])
def test_every_figure_of_a_real_history_is_the_one_that_pandas_finds(ci, paths):
    ci.database.settings = Settings(error_paths=paths)
    since = ci.now() - timedelta(days=40)
    frame = by_pandas(ci, since=since)
    found = ci.failure_groups(since=since, limit=1000)
    assert (found.failures, found.groups_found, found.note) == (len(frame), frame["group"].nunique(), "")
    now = ci.now()
    for group in found:
        own = frame[frame["group"] == group.group]
        past = [
            own["created_at"].between(now - span, now).sum()
            for span in (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
        ]
        assert [group.last_hour, group.last_day, group.last_week] == past
        assert (group.failures, group.tenants) == (len(own), own["tenant_id"].nunique())
        assert (group.first_seen, group.last_seen) == (own["created_at"].min(), own["created_at"].max())
        assert (group.type, group.example) == (own["type"].iloc[0], own["id"].iloc[0])
        assert group.error.startswith(own["shape"].iloc[0][:100].partition("\x1b")[0])
    order = [(group.last_hour, group.last_day, group.failures) for group in found]
    assert order == sorted(order, reverse=True)
    biggest = max(found, key=lambda group: group.failures)
    assert by_pandas(ci, since=since, group=biggest.group)["id"].tolist() == (
        frame[frame["group"] == biggest.group]["id"].tolist()
    )


@pytest.fixture
def history(database, ops):
    """Failures of two types with five kinds of errors, every third one without a tenant, and runs that did not fail."""
    add_tenant(database, add_workspace(database, "Aurora", id=1), "Contoso", id=5)
    rows = [
        {"id": n, "outcome": "failed" if n % 7 else "succeeded", "type": "ab"[n % 2],
         "tenant_id": 5 if n % 3 else None, "created_at": before(minutes=n // 2),
         "context": {"error": MESSAGES[n % 5].format(n)} if MESSAGES[n % 5] else {}}
        for n in range(1, 400)
    ]  # fmt: skip
    add_runs(database, rows)
    return ops


def test_a_group_filters_the_lists_page_by_page(history):
    frame = by_pandas(history)
    assert frame["group"].nunique() == 10
    for group, own in frame.groupby("group"):
        for read in (history.failures, history.runs):
            page, found = read(group=group, limit=7), []
            while True:
                found += [row.id for row in page.rows]
                if page.next is None:
                    break
                back = read(group=group, limit=7, before=read(group=group, limit=7, after=page.next).previous)
                assert [row.id for row in back.rows] == [row.id for row in page.rows]
                page = read(group=group, limit=7, after=page.next)
            assert found == own["id"].tolist()
        assert history.count(Page.FAILURES, group=group) == len(own)
        for more in ({"tenant": "-"}, {"since": "1h"}, {"tenant": 5, "until": "30m"}, {"unhandled": True}):
            wanted = by_pandas(history, **more)
            listed = [row.id for row in history.failures(group=group, limit=500, **more).rows]
            assert listed == wanted[wanted["group"] == group]["id"].tolist()
    assert history.stuck(group=group).rows == []


def test_a_group_is_shared_by_its_link_and_a_broken_one_is_refused(history):
    group = history.failure_groups().groups[0]
    route = links.read(links.page(Page.FAILURES, {"group": group.group, "since": "7d"}))
    assert history.read_list(route.page, **route.query).count == group.failures
    assert history.failures(group="0123456789").rows == []
    assert history.failure_groups(group=group.group).groups == [group]
    for broken in ("x", "0123456789a", "ABCDEF0123", 5, ["0123456789"]):
        with pytest.raises(BadInput, match="group must be the id of a failure group"):
            history.failures(group=broken)
    with pytest.raises(BadInput, match="limit must be a whole number from 1 to 1,000"):
        history.failure_groups(limit=0)


def test_groups_and_a_page_of_one_ask_a_bounded_number_of_times(history, database):
    group = history.failure_groups().groups[0]
    with recorded(database) as statements:
        history.failure_groups()
    assert len(statements) == 2  # the failures, and the examples' texts: all others are known
    with recorded(database) as statements:
        history.failures(group=group.group)
    assert len(statements) == 2


def test_what_a_bound_cuts_is_said_and_pages_lead_on(history, monkeypatch):
    frame = by_pandas(history)
    for module in ("members", "groups", "updates", "activity"):
        monkeypatch.setattr(f"opsnb.queries.{module}.WINDOW", 100)
    monkeypatch.setattr(members, "FIRST", 30)
    cut = history.failure_groups(limit=3)
    assert cut.failures == 100
    assert cut.oldest == frame["created_at"].iloc[99]
    assert "Only the newest 100 failures were looked at, back to 2026-11-23" in cut.note
    group = frame["group"].iloc[-1]
    page, found, notes = history.failures(group=group, limit=50), [], set()
    while True:
        found += [row.id for row in page.rows]
        notes.add(bool(page.note))
        if page.next is None:
            break
        page = history.failures(group=group, limit=50, after=page.next)
    assert found == frame[frame["group"] == group]["id"].tolist()
    assert notes == {True, False}


def test_groups_are_masked_escaped_and_of_one_form(history, database):
    add_run(database, outcome="failed", type="<b>", created_at=NOW, context={"error": "<script>token: abc</script>"})
    found = history.failure_groups()
    assert not any("password=3" in group.example_error or "abc" in group.example_error for group in found)
    assert any("password=••••" in group.example_error for group in found)
    shown = found._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert repr(found) == (
        "Failure groups: 343 failures in 11 groups since 2026-11-16 14:00:00 UTC, as of 2026-11-23 14:00:00 UTC"
    )
    empty, full = history.failure_groups(type="none"), found.to_frame()
    assert [*empty.to_frame().dtypes.items()] == [*full.dtypes.items()]
    assert (len(empty), len(full)) == (0, 11)
    assert "No failures." in empty._repr_html_()


def test_whoever_may_not_view_gets_no_groups(database, ops_on, history):
    with pytest.raises(AccessDenied):
        ops_on(database, OUTSIDER).failure_groups()


@pytest.mark.parametrize(
    ("path", "context", "found"),
    [
        ("steps.-1.error", {"steps": [{"error": "a"}, {"error": "b"}]}, "b"),
        ("steps.0.error", {"steps": [{"error": "a"}, {"error": "b"}]}, "a"),
        ("steps.2.error", {"steps": [{"error": "a"}]}, None),
        ("steps.-2.error", {"steps": [{"error": "a"}]}, None),
        ("deep.er.est", {"deep": {"er": {"est": "x"}}}, "x"),
        ("error", {"error": {"message": "x"}}, None),
        ("state+steps.-1.cmd", {"state": "FAILED", "steps": [{"cmd": "a"}, {"cmd": "make"}]}, "FAILED: make"),
        ("state+steps.-1.cmd", {"state": "FAILED", "steps": []}, None),
        ("state+error", {"state": "F" * 299, "error": "x"}, "F" * 299 + ":"),
    ],
)
def test_where_the_error_is_found_is_a_setting(database, ops_on, path, context, found):
    add_people(database)
    database.settings = Settings(error_paths=(path,))
    number = add_run(database, outcome="failed", context=context)
    assert ops_on(database).failures().rows[0].error == ops_on(database).run(number).row.error == found
