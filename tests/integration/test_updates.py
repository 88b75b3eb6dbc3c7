"""What has become of a page that somebody looks at: its rows as they are now, which have left it, how many are new."""

from datetime import timedelta

import pytest

from opsnb.database import Database
from opsnb.links import Page
from opsnb.ops import Ops
from support.history import NOW, add_run, add_runs, before, execute

pytestmark = pytest.mark.every_postgres


def change(database: Database, run_id: int, **fields: object) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in fields)
    execute(database, f"UPDATE operation_runs SET {assignments} WHERE id = :id", id=run_id, **fields)


def test_the_rows_of_a_page_are_told_as_they_are_now(database: Database, ops: Ops) -> None:
    running = add_run(database, status="running", started_at=before(minutes=50))
    removed = add_run(database)
    shown = ops.runs()
    change(database, running, status="completed", outcome="failed")
    execute(database, "DELETE FROM operation_runs WHERE id = :id", id=removed)
    update = ops.update(shown)
    assert (update.rows[running].status, update.rows[running].outcome) == ("completed", "failed")
    assert update.rows[running].workspace == "Aurora"
    assert removed not in update.rows
    assert (update.left, update.new, update.as_of) == ({removed}, 0, NOW)


@pytest.mark.parametrize(
    ("page", "raw", "leaves"),
    [
        (Page.FAILURES, {}, {"status": "running", "outcome": "pending"}),
        (Page.RUNS, {"outcome": "failed"}, {"outcome": "blocked"}),
        (Page.RUNS, {"since": NOW - timedelta(hours=2)}, {"created_at": before(hours=3)}),
    ],
)
def test_a_row_that_the_list_would_not_show_any_more_has_left(database, ops, page, raw, leaves) -> None:
    stays, left = add_run(database, outcome="failed"), add_run(database, outcome="failed")
    shown = ops.read_list(page, **raw)
    assert {row.id for row in shown.rows} == {stays, left}
    if "created_at" in leaves and database.is_sqlite:
        leaves = {"created_at": leaves["created_at"].strftime("%Y-%m-%d %H:%M:%S.%f")}
    change(database, left, **leaves)
    update = ops.update(shown, **raw)
    assert update.left == {left}
    assert set(update.rows) == {stays, left}


def test_a_row_that_is_not_stuck_any_more_has_left_and_says_so(database: Database, ops: Ops) -> None:
    stuck = add_run(database, status="queued", created_at=before(hours=5))
    shown = ops.stuck()
    change(database, stuck, status="running", started_at=None)
    assert ops.update(shown).left == set()
    change(database, stuck, status="completed", outcome="succeeded")
    update = ops.update(shown)
    assert (update.left, update.rows[stuck].stuck_class) == ({stuck}, None)


def test_new_rows_are_counted_within_the_bounds_of_the_page(database: Database, ops: Ops) -> None:
    add_runs(database, [{"created_at": before(minutes=10 * n)} for n in range(1, 10)])
    first = ops.runs(limit=3)
    second = ops.runs(limit=3, after=first.next)
    last = ops.runs(limit=3, after=second.next)
    assert [ops.update(page).new for page in (first, second, last)] == [0, 0, 0]
    add_runs(database, [{"created_at": before(minutes=m)} for m in (1, 2, 25, 45, 75, 500)])
    assert [ops.update(page).new for page in (first, second, last)] == [3, 1, 2]


def test_a_run_that_fails_late_is_new_where_its_creation_puts_it(database: Database, ops: Ops) -> None:
    add_run(database, outcome="failed", created_at=before(minutes=5))
    late = add_run(database, status="running", created_at=before(minutes=9))
    add_run(database, outcome="failed", created_at=before(minutes=20))
    shown = ops.failures()
    change(database, late, status="completed", outcome="failed")
    assert ops.update(shown).new == 1


def test_counting_new_rows_stops_at_its_cap(database: Database, ops: Ops) -> None:
    empty = ops.runs()
    add_runs(database, [{} for _ in range(99)])
    assert str(ops.update(empty).new) == "99"
    add_run(database)
    assert str(ops.update(empty).new) == "99+"
