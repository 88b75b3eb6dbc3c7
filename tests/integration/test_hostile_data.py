"""Rows that nobody should have written: a list and the detail still come out, and say what is there."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from opsnb.errors import BadInput
from opsnb.links import Page
from opsnb.queries.masking import Masker
from support.history import NOW, add_audit, add_people, add_run, add_runs, add_workspace, before, execute

pytestmark = pytest.mark.every_postgres

LISTS = [Page.RUNS, Page.FAILURES, Page.STUCK]
TEXTS = {
    "markup": "<img src=x onerror=alert(1)>",
    "script": "</script><script>alert(1)</script>",
    "right to left": "\u202egnp.\u2066x\u200f",
    "terminal": "\x1b[31mred\x07",
    "long": "x" * 100_000,
    "emoji": "😀👨‍👩‍👧",
    "quotes": "'; DROP TABLE operation_runs; --\"`",
    "empty": "",
    "blank": " \t\n ",
    "percent": "%s %(x)s {0} {x} :limit \\",
}


def everything(ops, number):
    """Read all there is about an operation, its retries too."""
    assert number in [relative.id for relative in ops.run(number).lineage()]
    return lists_and_detail(ops, number)


def lists_and_detail(ops, number):
    """Read every list as rows, frame, HTML and text, and the detail."""
    listed = 0
    for page in LISTS:
        shown = ops.read_list(page, limit=500)
        assert len(shown.to_frame()) == len(shown.rows)
        assert f"#{number}<" in shown._repr_html_() or number not in [row.id for row in shown.rows]
        assert repr(shown)
        listed += number in [row.id for row in shown.rows]
        assert [row.id for row in turn(ops, page)] == [row.id for row in shown.rows]
    assert listed
    run = ops.run(number)
    assert run.timeline()
    assert repr(run)
    json.dumps([run.row.type, run.row.status, run.row.initiator_name, ops.masker.mask(run.context)]).encode()
    assert isinstance(run.context_text, str)
    return run


def turn(ops, page):
    cursor, rows = None, []
    while len(rows) < 50:
        turned = ops.read_list(page, limit=1, after=cursor)
        rows += turned.rows
        if turned.next is None:
            return rows
        cursor = turned.next
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("words", TEXTS.values(), ids=TEXTS)
def test_any_text_is_shown_as_it_is(database, ops, words):
    add_workspace(database, words, id=1)
    number = add_run(
        database, initiator_name=words, type=words, outcome="failed", context={"error": words, words: [words]}
    )
    add_run(database)
    run = everything(ops, number)
    assert (run.row.initiator_name, run.row.type, run.row.workspace) == (words, words, words)
    assert run.context == {"error": words, words: [words]}
    assert ops.failures().rows[0].error == words[:300]
    assert "<img" not in ops.runs()._repr_html_()
    assert "<script" not in ops.runs()._repr_html_()


@pytest.mark.parametrize("status", ["archived", "QUEUED", "", " running"])
def test_an_unknown_status_or_outcome_is_shown_as_text(database, ops, status):
    number = add_run(database, status=status, outcome=f"{status}?")
    run = everything(ops, number)
    assert (run.row.status, run.row.outcome, run.stuck) == (status, f"{status}?", None)
    assert ops.stuck().rows == []


def test_clocks_that_disagree_are_told(database, ops):
    number = add_run(database, created_at=NOW, started_at=before(hours=1), completed_at=before(hours=2))
    run = everything(ops, number)
    assert "the clocks of its machines disagree" in " ".join(event.text for event in run.timeline())
    assert run.timing.ran_for.total_seconds() == -3600


@pytest.mark.parametrize(
    "when", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
)
def test_the_ends_of_time_are_times(database, ops, when):
    number = add_run(database, status="running", created_at=when, started_at=when, completed_at=when)
    assert everything(ops, number).row.started_at == when


def test_places_that_are_gone_leave_their_runs(database, ops):
    if database.is_sqlite:
        rebuild(database)
    else:
        for key in ("workspace_id", "tenant_id"):
            execute(database, f"ALTER TABLE operation_runs DROP CONSTRAINT operation_runs_{key}_fkey")
    number = add_run(database, workspace_id=77, tenant_id=88)
    run = everything(ops, number)
    assert (run.row.workspace_id, run.row.workspace, run.row.tenant_id, run.row.tenant) == (77, None, 88, None)


def rebuild(database):
    """Make the table of runs as some other program might: no types, no keys, more columns."""
    execute(database, "DROP TABLE operation_runs")
    execute(
        database,
        "CREATE TABLE operation_runs (id INTEGER PRIMARY KEY, workspace_id, tenant_id, initiator_name, type, status,"
        " outcome, context, created_at, started_at, completed_at, extra DEFAULT 'kept', \"order\" DEFAULT 1)",
    )


@pytest.fixture
def foreign(sqlite):
    """An SQLite database whose columns take anything, as SQLite lets them."""
    add_people(sqlite)
    rebuild(sqlite)
    return sqlite


def put(database, number, **raw):
    add_run(database, id=number, context={}, created_at="2026-11-23 13:00:00")
    for name, value in raw.items():
        execute(database, f"UPDATE operation_runs SET {name} = :value WHERE id = :id", value=value, id=number)


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"plain", 5, 1.5, -1, 2**63 - 1, "a\x00b", None])
@pytest.mark.parametrize("column", ["initiator_name", "type", "status", "outcome", "context"])
def test_blobs_numbers_and_null_characters_in_text_columns(foreign, ops_on, column, value):
    put(foreign, 1, **{"status": "completed", "outcome": "failed"} | {column: value})
    put(foreign, 2)
    run = everything(ops_on(foreign), 1)
    for name in ("type", "status", "outcome", "initiator_name"):
        assert isinstance(getattr(run.row, name), str | None)


@pytest.mark.parametrize("column", ["initiator_name", "type", "status", "outcome", "context", "created_at"])
def test_text_that_is_no_utf_8(foreign, ops_on, column):
    put(foreign, 1)
    execute(foreign, f"UPDATE operation_runs SET {column} = CAST(:raw AS TEXT)", raw=b'{"a": "\xff\xfe"}')
    put(foreign, 2)
    run = everything(ops_on(foreign), 1)
    if column == "initiator_name":
        assert run.row.initiator_name == '{"a": "\ufffd\ufffd"}'


@pytest.mark.parametrize("value", ["abc", b"\x00", "", 1.5, None, "1"])
@pytest.mark.parametrize("column", ["workspace_id", "tenant_id"])
def test_places_that_are_no_numbers(foreign, ops_on, column, value):
    put(foreign, 1, **{column: value})
    run = everything(ops_on(foreign), 1)
    joined = "Aurora" if (column, value) == ("workspace_id", "1") else None  # SQLite compares it as a number
    assert getattr(run.row, column.removesuffix("_id")) == joined


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("2026-11-23 13:00:00", before(hours=1)),
        ("2026-11-23T13:00:00", before(hours=1)),
        ("2026-11-23T13:00:00.000Z", before(hours=1)),
        ("2026-11-23 14:00:00+01:00", before(hours=1)),
        (1795438800, before(hours=1)),
        (1795438800.0, before(hours=1)),
        ("yesterday", None),
        ("", None),
        (b"2026-11-23 13:00:00", None),
        (10**17, None),
        (float("inf"), None),
        ("0000-00-00 00:00:00", None),
    ],
)
@pytest.mark.parametrize("column", ["created_at", "started_at", "completed_at"])
def test_times_of_every_kind_are_read_or_unknown(foreign, ops_on, column, stored, read):
    put(foreign, 1, status="running", **{column: stored})
    put(foreign, 2)
    assert getattr(everything(ops_on(foreign), 1).row, column) == read


def test_more_columns_than_the_contract_s_do_no_harm(foreign, ops_on):
    put(foreign, 1)
    everything(ops_on(foreign), 1)
    assert foreign.fetch(text('SELECT extra, "order" FROM operation_runs')) == [("kept", 1)]


DEEP = '{"a":' * 1000 + '"end"' + "}" * 1000
CONTEXTS = {
    "no JSON": "error: token=hunter2",
    "empty": "",
    "a list": '[{"password": "x"}]',
    "a string": '"text"',
    "null": "null",
    "deep": DEEP,
    "deeper than any parser": "[" * 200_000,
    "NaN": '{"error": "x", "value": NaN, "other": -Infinity}',
    "lone surrogate": '{"error": "\\ud800 half", "\\udfff": 1}',
    "null character": '{"error": "a\\u0000b"}',
    "huge number": '{"n": ' + "9" * 5000 + "}",
    "same key twice": '{"a": 1, "a": 2}',
    "json5": "{error: 'x'}",
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_a_context_of_any_kind(sqlite, ops_on, context):
    add_people(sqlite)
    number = add_run(sqlite, outcome="failed")
    execute(sqlite, "UPDATE operation_runs SET context = :raw", raw=context)
    run = everything(ops_on(sqlite), number)
    assert run.context_text == context
    error = ops_on(sqlite).failures().rows[0].error
    assert error is None or isinstance(error, str)


PG_CONTEXTS = {name: CONTEXTS[name] for name in ("a list", "a string", "null", "deep", "huge number", "same key twice")}


@pytest.mark.parametrize("context", PG_CONTEXTS.values(), ids=PG_CONTEXTS)
def test_a_context_of_any_kind_that_postgresql_takes(postgresql, ops_on, context):
    add_people(postgresql)
    number = add_run(postgresql, outcome="failed")
    execute(postgresql, "UPDATE operation_runs SET context = CAST(:raw AS jsonb)", raw=context)
    assert everything(ops_on(postgresql), number)


@pytest.mark.parametrize("context", ["lone surrogate", "null character", "deep", "same key twice"])
def test_a_foreign_table_with_plain_json_and_naive_times(postgresql, ops_on, context):
    add_people(postgresql)
    number = add_run(postgresql, outcome="failed", started_at=before(minutes=30))
    naive(postgresql)
    execute(postgresql, "UPDATE operation_runs SET context = CAST(:raw AS json)", raw=CONTEXTS[context])
    other = add_run(postgresql, outcome="failed", context={"error": "x", "triage": {"retry_of_run_id": number}})
    run = lists_and_detail(ops_on(postgresql), number)
    assert (run.row.created_at, run.row.started_at) == (before(hours=1), before(minutes=30))
    assert [row.error for row in ops_on(postgresql).failures().rows if row.id == other] == ["x"]


def naive(database):
    """Change the table to what a foreign application may have: json, and timestamps without a zone."""
    for name in ("ix_runs_retry_of", "ux_runs_live_retry"):
        execute(database, f"DROP INDEX {name}")
    for column in ("created_at", "started_at", "completed_at"):
        execute(database, f"ALTER TABLE operation_runs ALTER {column} TYPE timestamp USING {column} AT TIME ZONE 'UTC'")
    execute(database, "ALTER TABLE operation_runs ALTER context TYPE json")


@pytest.mark.parametrize("when", ["infinity", "-infinity", "294000-01-01", "4000-01-01 BC"])
@pytest.mark.parametrize("column", ["created_at", "started_at", "completed_at"])
def test_times_that_python_cannot_hold_are_unknown(postgresql, ops_on, column, when):
    add_people(postgresql)
    number = add_run(postgresql, status="running", started_at=before(hours=2))
    add_runs(postgresql, [{}, {"created_at": NOW}])
    execute(postgresql, f"UPDATE operation_runs SET {column} = '{when}' WHERE id = {number}")
    assert getattr(everything(ops_on(postgresql), number).row, column) is None


def test_a_context_of_20_mb(database, ops):
    number = add_run(database, outcome="failed", context={"log": "x" * 20_000_000, "error": "e" * 1_000_000})
    run = everything(ops, number)
    assert len(run.context_text) > 20_000_000
    assert run.row.error == "e" * 300


def test_hostile_audit_rows_are_told(database, ops):
    number = add_run(database)
    odd = [{"new_run_id": "x", "reason": ["y"]}, {"new_run_id": -1}, {"reason": "<b>" * 1000}, [1], "text", None]
    for metadata in odd:
        add_audit(database, number, metadata=metadata, actor_name=None, action=TEXTS["script"], status="odd")
    assert len(everything(ops, number).audit()) == 6


def test_a_name_in_doubt_never_reaches_python_as_bytes(foreign, ops_on):
    execute(foreign, "DROP TABLE tenants")
    execute(foreign, "CREATE TABLE tenants (id INTEGER PRIMARY KEY, workspace_id, name)")
    execute(foreign, "INSERT INTO tenants VALUES (1, 1, NULL), (2, 1, x'ff00'), (3, 1, 5)")
    for number in (1, 2, 3):
        put(foreign, number, tenant_id=number)
    ops = ops_on(foreign)
    assert {type(row.tenant) for row in ops.runs().rows} <= {str, type(None)}
    with pytest.raises(BadInput, match="no tenant named 'x'"):
        ops.runs(tenant="x")
    assert all(isinstance(word, str) for choice in ops.choices("tenant") for word in choice)


def test_masking_holds_for_hostile_keys():
    masker = Masker(["password"])
    hostile = {"pass\u200bword": "x", "PASSWORD\x00": "s3cr3t", "p a s s w o r d": "s3cr3t"}
    assert "s3cr3t" not in json.dumps(masker.mask(hostile))
