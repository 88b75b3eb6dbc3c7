"""A group is found by reading each error once: the page, its count, its update and its chart share what is known."""

from datetime import timedelta

import pytest

from opsnb.links import Page
from opsnb.notebooks_path import CLONE
from opsnb.ops import Ops
from opsnb.queries import known_groups
from opsnb.queries.known_groups import KEEP_SECONDS
from opsnb.queries.members import WINDOW
from support.history import add_run, add_runs, before
from support.statements import recorded

TEXTS = ("request {} timed out", "disk {} is full", "exit code 137")
FAILURES = 120


@pytest.fixture
def ops(database, ops) -> Ops:
    add_runs(database, [
        {"id": n, "outcome": "failed", "created_at": before(minutes=n), "context": {"error": TEXTS[n % 3].format(n)}}
        for n in range(1, FAILURES + 1)
    ])  # fmt: skip
    return ops


@pytest.fixture
def read(monkeypatch) -> list[int]:
    """Collect the numbers of the runs whose errors are read for groups."""
    numbers: list[int] = []
    original = known_groups.read_errors

    def noted(database, wanted):
        numbers.extend(wanted)
        return original(database, wanted)

    monkeypatch.setattr(known_groups, "read_errors", noted)
    return numbers


def group_of(ops, number) -> str:
    row = ops.run(number).row
    return ops.errors.group(row.type, row.error)


def ask_everything(ops, group):
    page = ops.failures(group=group, limit=10)
    return (
        [row.id for row in page.rows],
        int(ops.count(Page.FAILURES, group=group)),
        sum(bucket.total for bucket in ops.activity("failures", group=group, since="7d").buckets),
        int(ops.update(page, group=group).new),
        ops.failure_groups(group=group).failures,
    )


def test_each_error_is_read_once_for_page_count_chart_update_and_cards(ops, read):
    group = group_of(ops, 3)
    first = ask_everything(ops, group)
    assert first == ([*range(3, 33, 3)], 40, 40, 0, 40)
    assert sorted(read) == [*range(1, FAILURES + 1)]
    read.clear()
    assert ask_everything(ops, group) == first
    assert ask_everything(ops, group_of(ops, 1))[1] == 40
    assert read == []


def test_a_new_failure_is_known_at_once_and_alone_is_read(database, ops, read):
    group = group_of(ops, 3)
    page = ops.failures(group=group, limit=10)
    ask_everything(ops, group)
    read.clear()
    new = add_run(database, outcome="failed", created_at=before(seconds=5), context={"error": TEXTS[0].format(999)})
    other = add_run(database, outcome="failed", created_at=before(seconds=9), context={"error": TEXTS[1].format(999)})
    assert ops.update(page, group=group).new == 1
    assert ops.failures(group=group, limit=10).rows[0].id == new
    assert ops.count(Page.FAILURES, group=group) == 41
    assert set(read) == {new, other}
    assert len(read) == 2


def test_what_is_known_is_forgotten_after_some_minutes(database, ops):
    now = [0.0]
    ops._groups._clock = lambda: now[0]
    group = group_of(ops, 3)
    assert ops.count(Page.FAILURES, group=group) == 40
    context = '{"error": "disk 1 is full"}'
    with database.change() as connection:
        connection.exec_driver_sql(f"UPDATE operation_runs SET context = '{context}' WHERE id = 3")
    now[0] = KEEP_SECONDS + 1
    assert ops.count(Page.FAILURES, group=group) == 39


def test_what_is_known_of_too_many_runs_is_forgotten(ops, read, monkeypatch):
    monkeypatch.setattr(known_groups, "MOST", FAILURES - 1)
    group = group_of(ops, 3)
    assert ops.count(Page.FAILURES, group=group) == ops.count(Page.FAILURES, group=group) == 40
    assert len(read) == 2 * FAILURES


def test_as_many_failures_are_looked_at_as_the_documentation_says():
    assert f"The newest {WINDOW:,} failures" in (CLONE / "docs" / "investigating.md").read_text()


def test_a_page_of_what_is_known_asks_for_two_statements(database, ops):
    group = group_of(ops, 3)
    ask_everything(ops, group)
    for ask, most in (
        (lambda: ops.failures(group=group, limit=10), 2),
        (lambda: ops.count(Page.FAILURES, group=group), 1),
        (lambda: ops.activity("failures", group=group), 2),
        (lambda: ops.failure_groups(), 2),
    ):
        with recorded(database) as statements:
            ask()
        assert len(statements) <= most


def test_what_a_window_cuts_is_said_by_count_chart_and_groups(ops, monkeypatch):
    for module in ("members", "groups", "updates", "activity"):
        monkeypatch.setattr(f"opsnb.queries.{module}.WINDOW", 60)
    group = group_of(ops, 3)
    count = ops.count(Page.FAILURES, group=group)
    assert (int(count), str(count), count.capped) == (20, "20+", True)
    chart = ops.activity("failures", group=group, since="7d")
    assert "the newest" in chart.note
    assert chart.note in chart._repr_html_()
    assert ops.activity("failures", group=group, since="30m").note == ""
    assert "Only the newest 60 failures" in ops.failure_groups().note
    page, found = ops.failures(group=group, limit=15), []
    while True:
        found += [row.id for row in page.rows]
        assert ops.update(page, group=group).left == set()
        if page.next is None:
            break
        page = ops.failures(group=group, limit=15, after=page.next)
    assert found == [*range(3, FAILURES + 1, 3)]


def test_what_unhandled_hides_of_a_group_is_counted(database, ops):
    group = group_of(ops, 3)
    handled = {"error": TEXTS[0].format(1), "triage": {"investigated": {"by": "Mona", "reason": "known"}}}
    add_run(database, outcome="failed", created_at=before(minutes=5), context=handled)
    page = ops.failures(group=group, unhandled=True)
    assert (len(page.rows), str(page.hidden)) == (40, "1 of 41")


def test_what_has_failed_is_not_stuck(database, ops):
    add_run(database, status="queued", created_at=before(hours=5))
    group = ops.errors.group(ops.stuck().rows[0].type, None)
    page = ops.stuck(group=group)
    assert (page.rows, page.count, ops.update(page, group=group).new) == ([], 0, 0)
    assert ops.activity("stuck", group=group, since=timedelta(days=1)).buckets
