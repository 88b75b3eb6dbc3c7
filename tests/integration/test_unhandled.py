"""Unhandled only: the failures that nobody investigated and none of whose retries, of any depth, has succeeded."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsnb import links
from opsnb.errors import BadInput
from opsnb.links import Page
from opsnb.queries.pages import UNSEEN
from opsnb.settings import Settings
from support.history import NOW, add_people, add_run, add_runs, before, execute
from support.statements import recorded

STATES = [("completed", outcome) for outcome in ("failed", "failed", "succeeded", "partially_succeeded", "blocked")]
STATES += [("queued", "pending"), ("completed", "pending"), ("completed", "canceled")]
MARK = {"by": "Mona", "reason": "known", "at": "2026-11-23T13:00:00+00:00"}


@st.composite
def lineages(draw):
    """Runs 1, 2, ...: each may retry an earlier one, itself or a later one, or say so in a form that means nothing."""
    count = draw(st.integers(1, 25))
    rows = []
    for number in range(1, count + 1):
        status, outcome = draw(st.sampled_from(STATES))
        triage = {}
        if draw(st.booleans()):
            triage["retry_of_run_id"] = draw(st.one_of(st.integers(1, count), st.sampled_from(["x", None, [], 1.5])))
        if draw(st.integers(0, 4)) == 0:
            triage["investigated"] = draw(st.sampled_from([MARK, {}, None, "no object"]))
        context = {"triage": triage} if draw(st.booleans()) or triage else {}
        created = before(minutes=draw(st.integers(0, 30)))
        rows.append(
            {"id": number, "type": draw(st.sampled_from("ab")), "status": status, "outcome": outcome,
             "context": context, "created_at": created}
        )  # fmt: skip
    # One live retry of a run at most: the database holds it to that.
    live = {}
    for row in rows:
        parent = row["context"].get("triage", {}).get("retry_of_run_id")
        if row["status"] != "completed" and str(live.setdefault(str(parent), row["id"])) != str(row["id"]):
            row["status"], row["outcome"] = "completed", "blocked"
    return rows


def unhandled(rows):
    """The rule in plain Python: numbers of the unhandled failures, newest first."""
    triage = {row["id"]: row["context"].get("triage", {}) for row in rows}
    good = {row["id"] for row in rows if (row["status"], row["outcome"]) == ("completed", "succeeded")}

    def succeeded(number):
        retries = [n for n, t in triage.items() if t.get("retry_of_run_id") == number and n > number]
        return any(n in good or succeeded(n) for n in retries)

    failed = [row for row in rows if (row["status"], row["outcome"]) == ("completed", "failed")]
    left = [r for r in failed if not isinstance(triage[r["id"]].get("investigated"), dict) and not succeeded(r["id"])]
    newest = sorted(left, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    return [row["id"] for row in newest], len(failed)


def pages(read, size):
    found, page = [], read(limit=size)
    while True:
        found += [row.id for row in page.rows]
        if page.next is None:
            return found
        page = read(limit=size, after=page.next)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lineages(), st.integers(1, 4))
def test_the_list_holds_what_plain_python_finds(ops, database, rows, size):
    execute(database, "DELETE FROM operation_runs")
    add_runs(database, rows)
    wanted, failed = unhandled(rows)
    page = ops.failures(limit=size, unhandled=True)
    assert pages(lambda **more: ops.failures(unhandled=True, **more), size) == wanted
    assert pages(lambda **more: ops.runs(unhandled="true", **more), size) == wanted
    assert (page.count, page.hidden, str(page.hidden)) == (
        len(wanted), (failed - len(wanted), failed), f"{failed - len(wanted)} of {failed}"
    )  # fmt: skip
    since = NOW - timedelta(minutes=15)
    kept = [row["id"] for row in rows if row["type"] == "a" and row["created_at"] >= since]
    some = ops.failures(unhandled=True, type="a", since="15m")
    assert [row.id for row in some.rows] == [number for number in wanted if number in kept]


def test_it_is_one_statement_and_what_it_hides_is_counted_only_when_asked_for(ops, database):
    add_runs(database, [{"outcome": "failed"}, {"outcome": "failed", "context": {"triage": {"investigated": MARK}}}])
    ops.failures()
    with recorded(database) as statements:
        page = ops.failures(unhandled=True)
    assert len(statements) == 1
    with recorded(database) as statements:
        assert page.hidden == page.hidden == (1, 2)
    assert len(statements) == 1
    assert ops.failures().hidden is None
    assert ops.stuck(unhandled=True).rows == []


@pytest.mark.parametrize("other", [{"status": "running"}, {"outcome": "succeeded"}])
def test_where_no_failure_can_be_nothing_is_left_out(ops, database, other):
    add_runs(database, [{"outcome": "failed"}, {"status": "running", "outcome": "pending"}, {"outcome": "succeeded"}])
    page = ops.runs(unhandled=True, **other)
    assert (page.rows, page.count, page.hidden) == ([], 0, (0, 0))
    assert ops.update(page, unhandled=True, **other).new == 0
    assert {bucket.total for bucket in ops.activity(unhandled=True, **other).buckets} == {0}
    assert list(ops.failure_groups(**other).groups) == []


def test_what_it_hides_is_counted_among_the_newest_up_to_the_cap(database, ops_on):
    add_people(database)
    investigated = {"triage": {"investigated": MARK}}
    ages = [(minutes, investigated if minutes < 3 else {}) for minutes in range(6)]
    add_runs(database, [{"outcome": "failed", "context": c, "created_at": before(minutes=m)} for m, c in ages])
    database.settings = Settings(count_cap=4)
    assert str(ops_on(database).failures(unhandled=True).hidden) == "3 of 4+"


def test_a_long_chain_of_retries_is_followed_to_its_end(ops, database):
    first = add_run(database, outcome="failed")
    last = first
    for _ in range(30):
        last = add_run(database, outcome="failed", context={"triage": {"retry_of_run_id": last}})
    assert len(ops.failures(unhandled=True).rows) == 31
    add_run(database, context={"triage": {"retry_of_run_id": last}})
    assert ops.failures(unhandled=True).rows == []


def test_without_the_index_only_an_investigation_handles_a_failure_and_the_page_says_so(database, ops_on):
    add_people(database)
    first = add_run(database, outcome="failed")
    add_run(database, context={"triage": {"retry_of_run_id": first}})
    add_run(database, outcome="failed", context={"triage": {"investigated": MARK}})
    assert ops_on(database).failures(unhandled=True).note == ""
    execute(database, "DROP INDEX ix_runs_retry_of")
    database.__dict__.pop("finds_retries")
    page = ops_on(database).failures(unhandled=True)
    assert ([row.id for row in page.rows], page.hidden, page.note) == ([first], (1, 2), UNSEEN)
    assert ops_on(database).failures().note == ""


def test_a_shared_link_asks_for_it_and_a_broken_one_is_refused(ops, database):
    number = add_run(database, outcome="failed")
    add_run(database, outcome="failed", context={"triage": {"investigated": MARK}})
    route = links.read(links.page(Page.FAILURES, {"unhandled": "true"}))
    assert [row.id for row in ops.read_list(route.page, **route.query).rows] == [number]
    assert ops.count(Page.FAILURES, **route.query) == 1
    assert ops.failures(unhandled="false").count == ops.failures(unhandled=False).count == 2
    for broken in ("yes please", 1, 0, [], "True "):
        with pytest.raises(BadInput, match="unhandled must be true or false"):
            ops.failures(unhandled=broken)
