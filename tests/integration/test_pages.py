"""Keyset pages: each row once, forward and back, whatever the data."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsnb.errors import BadCursor, BadInput
from opsnb.links import Page
from support.history import NOW, add_people, add_run, add_runs, before, execute

pytestmark = pytest.mark.every_postgres

# Few instants, so that many rows share one; the microseconds make their texts differ in length.
INSTANTS = [before(seconds=second, microseconds=micro) for second in range(3) for micro in (0, 1, 500_000)]
HISTORIES = st.lists(st.sampled_from(INSTANTS), max_size=25)
SPELLINGS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.000000", "%Y-%m-%d %H:%M:%S.000", "%Y-%m-%d %H:%M:%S.500000",
             "%Y-%m-%d %H:%M:%S.5", "%Y-%m-%d %H:%M:%S+00:00"]  # fmt: skip


def walk(ops, page=Page.RUNS, **wanted):
    """Turn the pages to the end and all the way back; give the numbers on the way there, checked on the way back."""
    turned = [ops.read_list(page, **wanted)]
    while turned[-1].next is not None:
        assert len(turned) < 50, "the pages have no end"
        turned.append(ops.read_list(page, after=turned[-1].next, **wanted))
    assert turned[0].previous is None
    here = turned[-1]
    for there in turned[-2::-1]:
        assert here.previous is not None
        here = ops.read_list(page, before=here.previous, **wanted)
        assert [row.id for row in here.rows] == [row.id for row in there.rows]
        assert here.next is not None
    assert here.previous is None
    return [[row.id for row in page.rows] for page in turned]


def assert_partition(pages, ids, limit):
    assert [number for page in pages for number in page] == ids
    assert all(len(page) == limit for page in pages[:-1])
    assert len(pages) == max(1, -(-len(ids) // limit))


@pytest.mark.parametrize("indexed", [True, False])
def test_pages_hold_every_row_once_whatever_the_ties(database, ops, indexed):
    if not indexed:  # as in a database that others made, where no index orders ties by the way
        execute(database, "DROP INDEX ix_runs_recent")

    @settings(max_examples=40)
    @given(HISTORIES, st.integers(1, 8))
    def partition(history, limit):
        execute(database, "DELETE FROM operation_runs")
        ids = add_runs(database, [{"created_at": when} for when in history]) if history else []
        newest = sorted(zip(history, ids, strict=True), reverse=True)
        assert_partition(walk(ops, limit=limit), [number for _, number in newest], limit)

    partition()


def test_pages_hold_every_row_once_whatever_the_spelling_of_its_time(sqlite, ops_on):
    add_people(sqlite)
    ops = ops_on(sqlite)

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(SPELLINGS)), max_size=25), st.integers(1, 6))
    def partition(history, limit):
        execute(sqlite, "DELETE FROM operation_runs")
        texts = [before(seconds=second).strftime(spelling) for second, spelling in history]
        ids = add_runs(sqlite, [{"created_at": text} for text in texts]) if texts else []
        newest = sorted(zip(texts, ids, strict=True), reverse=True)
        assert_partition(walk(ops, limit=limit), [number for _, number in newest], limit)

    partition()


def test_pages_of_numbers_and_text_hold_every_row_once(sqlite, ops_on):
    add_people(sqlite)
    execute(sqlite, "DROP TABLE operation_runs")
    execute(
        sqlite,
        "CREATE TABLE operation_runs (id INTEGER PRIMARY KEY, workspace_id, tenant_id, initiator_name, type, status,"
        " outcome, context, created_at DATETIME, started_at DATETIME, completed_at DATETIME)",
    )
    stored = [1_790_000_000, 1_790_000_000.5, 1_790_000_000, "2026-11-23T14:00:00Z", "2026-11-23 13:00:00", "never", ""]
    add_runs(sqlite, [{"created_at": value} for value in stored])
    for limit in range(1, 8):
        assert sorted(number for page in walk(ops_on(sqlite), limit=limit) for number in page) == [*range(1, 8)]


@pytest.mark.parametrize("page", [Page.FAILURES, Page.STUCK])
def test_filtered_lists_are_partitioned_too(database, ops, page):
    kinds = [("completed", "failed"), ("completed", "succeeded"), ("queued", "pending"), ("running", "pending")]
    rows = [
        {"status": status, "outcome": outcome, "created_at": before(hours=1 + n % 3), "initiator_name": f"i{n % 2}"}
        for n, (status, outcome) in enumerate(kinds * 6)
    ]
    ids = add_runs(database, rows)
    held = {("completed", "failed")} if page is Page.FAILURES else {("queued", "pending"), ("running", "pending")}
    wanted = [
        (row["created_at"], number)
        for number, row in zip(ids, rows, strict=True)
        if (row["status"], row["outcome"]) in held and row["initiator_name"] == "i0"
    ]
    pages = walk(ops, page, limit=2, initiator="i0")
    assert_partition(pages, [number for _, number in sorted(wanted, reverse=True)], 2)


def test_rows_that_come_meanwhile_move_no_page(database, ops):
    ids = add_runs(database, [{"created_at": before(minutes=n)} for n in range(6)])
    first = ops.runs(limit=3)
    add_run(database, created_at=NOW + timedelta(seconds=1))
    assert [row.id for row in ops.runs(limit=3, after=first.next).rows] == ids[3:]


def test_a_new_row_is_before_the_first_page(database, ops):
    ids = add_runs(database, [{"created_at": before(minutes=n)} for n in range(4)])
    second = ops.runs(limit=2, after=ops.runs(limit=2).next)
    newest = add_run(database, created_at=NOW)
    first = ops.runs(limit=2, before=second.previous)
    assert [row.id for row in first.rows] == sorted([*ids[:2]], key=ids.index)
    assert first.previous is not None
    assert newest not in [row.id for row in first.rows]
    assert [row.id for row in ops.runs(limit=2, before=first.previous).rows] == [newest]


@pytest.mark.parametrize("cursor", ["x", "WyJub3ciLDFd", "WzUsMV0", "é", "\x00"])
def test_a_broken_cursor_is_refused_and_nothing_worse(database, ops, cursor):
    add_run(database)
    if database.is_sqlite and cursor in ("WyJub3ciLDFd", "WzUsMV0"):
        assert ops.runs(after=cursor) is not None  # any text or number could stand in an SQLite column
        return
    with pytest.raises(BadCursor, match="start again from the first page"):
        ops.runs(after=cursor)
    with pytest.raises(BadCursor):
        ops.runs(before=cursor)


def test_both_cursors_at_once_are_refused(database, ops):
    add_runs(database, [{}] * 3)
    cursor = ops.runs(limit=1).next
    with pytest.raises(BadInput, match="after or before, not both"):
        ops.runs(after=cursor, before=cursor)


@pytest.mark.parametrize("limit", [0, -1, 501, True, 1.5, "10"])
def test_a_page_size_out_of_bounds_is_refused_by_name(ops, limit):
    with pytest.raises(BadInput, match="limit must be a whole number from 1 to 500"):
        ops.runs(limit=limit)


def test_a_cursor_of_the_far_past_and_future_pages_on(database, ops):
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), NOW]
    ids = add_runs(database, [{"created_at": when} for when in ends])
    assert walk(ops, limit=1) == [[ids[1]], [ids[2]], [ids[0]]]


def test_what_has_no_time_comes_first_on_postgresql_and_is_paged_through(postgresql, ops_on):
    add_people(postgresql)
    execute(postgresql, "ALTER TABLE operation_runs ALTER created_at DROP NOT NULL")
    add_runs(postgresql, [{"created_at": before(minutes=number)} for number in range(4)])  # 1 to 4, newest first
    add_runs(postgresql, [{"created_at": None}] * 5)
    ops, pages = ops_on(postgresql), []
    page = ops.runs(limit=2)
    while page.next:
        pages.append(page)
        page = ops.runs(limit=2, after=page.next)
    assert [row.id for page in [*pages, page] for row in page.rows] == [9, 8, 7, 6, 5, 1, 2, 3, 4]
    assert ops.runs(limit=2, before=pages[2].previous).rows == pages[1].rows
