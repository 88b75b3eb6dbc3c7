"""Acts on tables that others made leave there what they leave in opsnb's own, and nothing else is touched."""

import json

import pytest
from sqlalchemy import text

from opsnb.errors import DatabaseUnavailable, TriageRefused
from opsnb.triage import Act
from support.foreign import RUNS, detail, iso, run_script
from support.foreign.owner import make_suggested_indexes
from support.history import MANAGER, VIEWER, execute

REASON = "Looked into it."


def act(ops, name, number):
    more = {"reason": REASON} if name == Act.MARK_INVESTIGATED else {}
    try:
        return getattr(ops, name)(number, **more).row.id
    except TriageRefused as refusal:
        return str(refusal)


def everything_tried(ops):
    """Try every act on every run, twice; give what came of it and what all runs are then."""
    told = [(name, number, act(ops, name, number)) for number in range(1, RUNS + 1) for name in (*Act, *Act)]
    return told, [detail(ops, row.id) for row in ops.runs(limit=500).rows]


@pytest.fixture(scope="module")
def known():
    """What came of `everything_tried` on opsnb's own tables, by the name of their fixture."""
    return {}


@pytest.fixture
def tried_on(request, known, ops_on):
    """Try everything on opsnb's own tables, once in this module."""

    def tried(own):
        if own not in known:
            known[own] = everything_tried(ops_on(request.getfixturevalue(own), MANAGER))
        return known[own]

    return tried


@pytest.mark.parametrize("tables", ["own", "own_sqlite"])
def test_every_act_is_done_on_some_runs_and_refused_on_others(tables, tried_on):
    results, _ = tried_on(tables)
    for act_ in Act:
        assert {type(result) for name, _, result in results if name == act_} == {int, str}


@pytest.mark.parametrize("kind", ["laravel", "native", "sqlite"])
def test_every_act_does_the_same_as_on_opsnb_s_own_tables(kind, tried_on, foreign, ops_on):
    own_told, own_runs = tried_on("own_sqlite" if kind == "sqlite" else "own")
    theirs = foreign(kind)
    make_suggested_indexes(theirs)
    told, runs = everything_tried(ops_on(theirs, MANAGER))
    assert told == own_told
    for run, own_run in zip(runs, own_runs, strict=True):
        assert run == own_run


@pytest.mark.parametrize("kind", ["laravel", "native", "sqlite"])
def test_who_may_only_look_is_denied_and_on_record(kind, foreign, ops_on):
    database = foreign(kind)
    number = ops_on(database).failures().rows[0].id
    with pytest.raises(Exception, match=r"may not act on operations: the capability platform\.operations\.manage"):
        ops_on(database, VIEWER).mark_investigated(number, reason=REASON)
    assert ops_on(database).run(number).audit()[-1].status == "denied"


def test_columns_of_the_application_keep_or_get_what_it_says(foreign, ops_on):
    database = foreign("laravel")
    execute(database, "UPDATE operation_runs SET identity_hash = 'x', summary_counts = '{\"n\": 1}', updated_at = NULL")
    ops = ops_on(database, MANAGER)
    number = next(row.id for row in ops.failures(type="inventory.sync").rows)
    new = ops.retry(number).row.id
    ops.mark_investigated(number, reason=REASON)
    rows = text("SELECT id, identity_hash, summary_counts, updated_at FROM operation_runs WHERE id IN (:a, :b)")
    found = {row.id: row[1:] for row in database.fetch(rows, {"a": number, "b": new})}
    assert found[number] == ("x", {"n": 1}, None)
    assert len(found[new][0]) == 32
    (entry,) = database.fetch(text("SELECT DISTINCT channel, created_at IS NULL FROM audit_logs WHERE id > 40"))
    assert entry == ("web", False)


def test_json_keeps_its_order_its_spelling_and_keys_that_stand_twice(foreign, ops_on):
    database = foreign("native")
    odd = '{"z": 1.50, "triage": {"other": true}, "a": "\\u00fc", "z": 1e2, "error": "x"}'
    ops = ops_on(database, MANAGER)
    number = next(row.id for row in ops.failures(type="inventory.sync").rows)
    execute(database, "UPDATE operation_runs SET context = :odd WHERE id = :id", odd=odd, id=number)
    ops.mark_investigated(number, reason=REASON)
    new = ops.retry(number).row.id
    pairs = text(
        "SELECT key, CAST(value AS text) FROM operation_runs, json_each(context) WHERE operation_runs.id = :id"
    )
    left = [tuple(row) for row in database.fetch(pairs, {"id": number})]
    assert [pair for pair in left if pair[0] != "triage"] == [
        ("z", "1.50"), ("a", '"\\u00fc"'), ("z", "1e2"), ("error", '"x"')]  # fmt: skip
    assert [key for key, _ in left].index("triage") == 1
    assert json.loads(left[1][1]).keys() == {"other", "investigated"}
    assert [row.key for row in database.fetch(pairs, {"id": new})] == ["z", "a", "z", "triage"]


@pytest.mark.parametrize("odd", ['"\\ud800"', '"\\u0000"'])
def test_json_that_the_database_itself_cannot_read_is_shown_and_left_alone(foreign, ops_on, odd):
    database = foreign("native")
    ops = ops_on(database, MANAGER)
    number = next(row.id for row in ops.failures(type="inventory.sync").rows)
    execute(database, "UPDATE operation_runs SET context = :odd WHERE id = :id", odd=f'{{"a": {odd}}}', id=number)
    assert ops.run(number).context_text == f'{{"a": {odd}}}'
    assert ops.run(number).lineage()
    for name in (Act.MARK_INVESTIGATED, Act.RETRY):
        assert "is not a JSON object that triage could be recorded in" in act(ops, name, number)


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_a_column_that_must_have_a_value_refuses_the_retry_by_name(request, kind, ops_on):
    if kind == "postgresql":
        database = request.getfixturevalue("own")
        run_script(database, "mandatory")
    else:
        database = request.getfixturevalue("foreign")("sqlite")
        execute(database, 'ALTER TABLE operation_runs RENAME COLUMN "order" TO queue_name')
        execute(database, "CREATE TABLE kept AS SELECT * FROM operation_runs")
        execute(database, "DROP TABLE operation_runs")
        columns = "id INTEGER PRIMARY KEY, workspace_id, tenant_id, initiator_name, type, status, outcome, context,"
        columns += " created_at, started_at, completed_at, updated_at, attempts, queue_name INT NOT NULL"
        execute(database, f"CREATE TABLE operation_runs ({columns})")
        execute(database, "INSERT INTO operation_runs SELECT * FROM kept")
    ops = ops_on(database, MANAGER)
    number = next(row.id for row in ops.failures(type="inventory.sync").rows if not row.retry_of)
    said = f"The database does not let Operation #{number} be retried: its column queue_name must have a value, and" \
           " opsnb has none for it; ask its owner."  # fmt: skip
    assert act(ops, "retry", number) == said
    assert ops.run(number).audit()[-1].metadata["refusal"] == said
    assert ops.run(number).lineage()[-1].id == number
    assert act(ops, "mark_investigated", number) == number
    live = next(row.id for row in ops.runs(status="running", type="inventory.sync").rows)
    assert act(ops, "cancel", live) == live


def test_a_view_that_cannot_be_changed_refuses_every_act(foreign, ops_on):
    database = foreign("laravel")
    execute(database, "ALTER TABLE app.adm_operation_runs RENAME TO base")
    execute(database, "CREATE VIEW app.adm_operation_runs AS SELECT DISTINCT * FROM app.base")
    ops = ops_on(database, MANAGER)
    assert len(ops.runs(limit=500).rows) == RUNS
    with pytest.raises((TriageRefused, DatabaseUnavailable), match="FOR UPDATE is not allowed"):
        ops.mark_investigated(ops.failures().rows[0].id, reason=REASON)


def test_sqlite_times_are_written_in_the_form_that_the_file_has(foreign, ops_on):
    database = foreign("sqlite")
    ops = ops_on(database, MANAGER)
    number = next(row.id for row in ops.failures(type="inventory.sync").rows)
    new = ops.retry(number).row.id
    (written,) = database.fetch(text("SELECT created_at FROM operation_runs WHERE id = :id"), {"id": new})
    assert written[0] == iso(ops.now())
    assert ops.runs(limit=1).rows[0].id == new
