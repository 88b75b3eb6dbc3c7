"""What triage left on a run is told by its row: investigated, retry of, retried as."""

import pytest

from opsnb.database import Database
from opsnb.widgets.words import mark
from support.history import MANAGER, add_people, add_run, before, execute

pytestmark = pytest.mark.every_postgres


def test_a_row_tells_what_triage_left_on_its_run(database: Database, ops_on) -> None:
    add_people(database)
    mark = {"triage": {"investigated": {"reason": "known", "by": "Mona", "at": "2026-11-23T13:00:00+00:00"}}}
    first = add_run(database, outcome="failed", context=mark)
    second = add_run(database, outcome="failed", context={"triage": {"retry_of_run_id": first}})
    third = add_run(database, status="running", context={"triage": {"retry_of_run_id": first}})
    plain = add_run(database, context={"triage": {"investigated": "no object", "retry_of_run_id": "x"}})
    rows = {row.id: row for row in ops_on(database).runs().rows}
    marks = {
        number: (row.investigated_by, row.retry_of, row.retried_as, row.retried_state) for number, row in rows.items()
    }
    assert marks == {
        first: ("Mona", None, third, "running"),
        second: (None, first, None, None),
        third: (None, first, None, None),
        plain: (None, None, None, None),
    }


def test_the_detail_has_the_columns_of_its_row_on_the_list(database: Database, ops_on) -> None:
    add_people(database)
    mark = {"triage": {"investigated": {"reason": "known", "by": "Mona", "at": "2026-11-23T13:00:00+00:00"}}}
    first = add_run(database, outcome="failed", context={**mark, "error": "disk full"}, started_at=before(minutes=5))
    second = add_run(database, outcome="failed", context={"triage": {"retry_of_run_id": first}})
    add_run(database, status="running", context={"triage": {"retry_of_run_id": second}}, created_at=before(days=30))
    ops = ops_on(database)
    for page in (ops.failures(), ops.stuck()):
        assert page.rows
        for row in page.rows:
            run = ops.run(row.id)
            shown = run.row if row.stuck_class else run.row._replace(stuck_class=None)
            assert shown == (row if row.error else row._replace(error=run.error))
            assert all(getattr(run, name) == getattr(run.row, name) for name in run.row._fields)
    one = ops.run(first)
    assert (one.investigated_by, one.retried_as, one.retried_state) == ("Mona", second, "failed")
    assert one.error == "disk full"
    assert ops.run(second).retry_of == first


def test_a_completed_retry_is_told_by_its_outcome(database: Database, ops_on) -> None:
    add_people(database)
    first = add_run(database, outcome="failed")
    retry = add_run(database, outcome="partially_succeeded", context={"triage": {"retry_of_run_id": first}})
    (row,) = ops_on(database).failures().rows
    assert (row.retried_as, row.retried_state) == (retry, "partially_succeeded")


def test_a_retry_is_unusual_where_a_sibling_lives_or_it_was_retried_before(database: Database, ops_on) -> None:
    add_people(database)
    first = add_run(database, outcome="failed")
    second = add_run(database, outcome="failed", initiator_name="Mona", context={"triage": {"retry_of_run_id": first}})
    third = add_run(database, status="running", context={"triage": {"retry_of_run_id": first}})
    ops = ops_on(database, MANAGER)
    (sibling,) = ops.decide("retry", second).unusual
    assert sibling == f"Operation #{third}, which retries the same operation as this one, is running."
    execute(database, "UPDATE operation_runs SET status = 'completed', outcome = 'succeeded' WHERE id = :id", id=third)
    assert ops.decide("retry", second).unusual == ()
    (earlier,) = ops.decide("retry", first).unusual
    assert earlier == f"It was retried before by Ada, as Operation #{third}, which succeeded."


def test_without_the_index_a_list_does_not_search_for_retries(database: Database, ops_on) -> None:
    add_people(database)
    first = add_run(database, outcome="failed")
    add_run(database, context={"triage": {"retry_of_run_id": first}})
    execute(database, "DROP INDEX ix_runs_retry_of")
    rows = {row.id: row for row in ops_on(database).runs().rows}
    assert rows[first].retried_as is None
    assert rows[first + 1].retry_of == first


@pytest.mark.parametrize(
    ("status", "outcome", "state"),
    [("waiting for lock", "pending", "waiting for lock"), ("completed", "not quite done", "not quite done"),
     ("completed", "", ""), ("", "failed", "")],
)  # fmt: skip
def test_the_state_of_a_retry_may_hold_blanks_or_nothing(database: Database, ops_on, status, outcome, state) -> None:
    add_people(database)
    first = add_run(database, outcome="failed")
    retry = add_run(database, status=status, outcome=outcome, context={"triage": {"retry_of_run_id": first}})
    ops = ops_on(database)
    (row,) = ops.failures().rows
    assert (row.retried_as, row.retried_state) == (retry, state)
    assert mark(row) == f"Retried as #{retry}, {state or 'state unknown'}"


def test_a_retry_without_a_state_is_still_a_retry(database: Database, ops_on) -> None:
    add_people(database)
    first = add_run(database, outcome="failed")
    retry = add_run(database, context={"triage": {"retry_of_run_id": first}})
    if database.is_sqlite:
        execute(database, "PRAGMA writable_schema = ON")
        execute(database, "UPDATE sqlite_master SET sql = replace(sql, 'status TEXT NOT NULL', 'status TEXT')")
        database.close()
    else:
        execute(database, "ALTER TABLE operation_runs ALTER status DROP NOT NULL")
    execute(database, "UPDATE operation_runs SET status = NULL WHERE id = :id", id=retry)
    (row,) = ops_on(database).failures().rows
    assert (row.retried_as, row.retried_state) == (retry, "")
