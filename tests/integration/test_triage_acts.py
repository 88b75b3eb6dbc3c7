"""Each act on a real database: what exactly it changes, what it writes down, and what it leaves alone."""

import json
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text

from opsnb.database import Database
from opsnb.errors import BadInput, DatabaseUnavailable, RunNotFound
from opsnb.models import as_utc, audit_logs, operation_runs
from opsnb.ops import Ops
from opsnb.settings import Settings
from opsnb.triage import Act, Allowed
from support.acts import REASON, attempt, audit, url_of
from support.history import (
    ENTRY,
    INACTIVE,
    MANAGE,
    MANAGER,
    NOW,
    OUTSIDER,
    VIEW,
    VIEWER,
    add_people,
    add_run,
    add_tenant,
    add_workspace,
    before,
    execute,
    set_capabilities,
)

pytestmark = pytest.mark.every_postgres

RUN = "Operation #{}"
GIVEN = (
    '{"z":1,"a":123456789012345678901234567890,"f":1.50,"tiny":1.5e-7,"u":"\\u00fc\\/\\ud83d\\ude00","":[],'
    '"error":{"message":"x"},"nested":{"triage":1,"b":[1,2.0,null],"a":{}},"progress":5,%s"last":true}'
)
MARKED = '"triage":{"retry_of_run_id":3,"other":[1.0,{"b":1,"a":2}]},'


@pytest.fixture
def staffed(database):
    add_people(database)
    return database


@pytest.fixture
def mona(staffed, ops_on):
    return ops_on(staffed, MANAGER)


def row_of(database, run_id):
    found = database.fetch(select(operation_runs).where(operation_runs.c.id == run_id))[0]._asdict()
    times = {name: as_utc(found[name]) for name in ("created_at", "started_at", "completed_at")}
    return {name: value for name, value in found.items() if name != "context"} | times


def raw_context(database, run_id):
    """Read the column as text, as it stands there."""
    kept = "context" if database.is_sqlite else "CAST(context AS text)"
    return database.fetch(text(f"SELECT {kept} FROM operation_runs WHERE id = :id"), {"id": run_id})[0][0]


def put_context(database, run_id, words):
    value = ":words" if database.is_sqlite else "CAST(:words AS jsonb)"
    execute(database, f"UPDATE operation_runs SET context = {value} WHERE id = :id", words=words, id=run_id)


def everything(database):
    with database.look() as connection:
        kept = [connection.execute(select(table)).all() for table in (operation_runs, audit_logs)]
        contexts = connection.execute(text("SELECT id, CAST(context AS text) FROM operation_runs ORDER BY id")).all()
    return kept, contexts


def recorded(database):
    """Give the only audit row."""
    (row,) = audit(database)
    return {name: value for name, value in row.items() if name != "id"} | {"recorded_at": as_utc(row["recorded_at"])}


def by(ops):
    return {"by": ops.actor.name, "by_id": ops.actor.id, "at": NOW.isoformat()}


def row_by(ops, action, run_id, status, metadata, **place):
    return {
        "workspace_id": 1, "tenant_id": None, "actor_id": ops.actor.id, "actor_name": "Mona", "actor_email": MANAGER,
        "action": f"platform.system_console.{action}", "resource_type": "operation_run", "resource_id": run_id,
        "status": status, "metadata": metadata, "recorded_at": NOW,
    } | place  # fmt: skip


FAILED = {"status": "completed", "outcome": "failed"}


@pytest.mark.parametrize("status", ["queued", "running"])
def test_cancel_completes_the_run_as_failed_and_touches_nothing_else(staffed, mona, status):
    tenant_id = add_tenant(staffed, add_workspace(staffed, "Borealis"), "Tundra")
    place = {"workspace_id": 1, "tenant_id": tenant_id}
    run_id = add_run(staffed, status=status, started_at=before(minutes=3), **place)
    was = row_of(staffed, run_id)
    run = mona.cancel(run_id)
    assert row_of(staffed, run_id) == was | FAILED | {"completed_at": NOW}
    assert run.context == {"triage": {"cancel": by(mona)}}
    metadata = {"from": {"status": status, "outcome": "pending"}, "to": FAILED}
    assert recorded(staffed) == row_by(mona, "cancel", run_id, "success", metadata, **place)


@pytest.mark.parametrize("status", ["queued", "running", "completed", "archived"])
def test_mark_investigated_notes_the_reason_and_changes_no_state(staffed, mona, status):
    run_id = add_run(staffed, status=status, outcome="failed")
    was = row_of(staffed, run_id)
    run = mona.mark_investigated(run_id, reason="  The disk was full.\n")
    assert row_of(staffed, run_id) == was
    assert run.context == {"triage": {"investigated": {"reason": "The disk was full.", **by(mona)}}}
    metadata = {"from": {"status": status, "outcome": "failed"}, "reason": "The disk was full."}
    assert recorded(staffed) == row_by(mona, "mark_investigated", run_id, "success", metadata)


def test_retry_queues_a_copy_of_what_was_given_and_leaves_the_run_as_it_is(staffed, mona):
    run_id = add_run(staffed, outcome="failed", started_at=before(minutes=3), completed_at=before(minutes=2),
                     context={"site": "berlin", "triage": {"cancel": by(mona)}})  # fmt: skip
    was, context = row_of(staffed, run_id), raw_context(staffed, run_id)
    new = mona.retry(run_id)
    assert (row_of(staffed, run_id), raw_context(staffed, run_id)) == (was, context)
    assert row_of(staffed, new.row.id) == {
        **was, "id": new.row.id, "initiator_name": "Mona", "status": "queued", "outcome": "pending",
        "created_at": NOW, "started_at": None, "completed_at": None,
    }  # fmt: skip
    assert new.context == {"site": "berlin", "triage": {"retry_of_run_id": run_id}}
    metadata = {"from": FAILED, "new_run_id": new.row.id}
    assert recorded(staffed) == row_by(mona, "retry", run_id, "success", metadata)


def test_retry_keeps_workspace_tenant_and_type(staffed, mona):
    workspace_id = add_workspace(staffed, "Borealis", id=7)
    place = {"workspace_id": workspace_id, "tenant_id": add_tenant(staffed, workspace_id, "Tundra"),
             "type": "credentials.rotate"}  # fmt: skip
    new = row_of(staffed, mona.retry(add_run(staffed, outcome="failed", **place)).row.id)
    assert {name: new[name] for name in place} == place


@pytest.mark.parametrize("outputs", [(), ("error",), ("error", "progress", "nested", "absent")])
def test_retry_starts_without_what_the_worker_made_and_without_triage(staffed, outputs):
    run_id = add_run(staffed, outcome="failed")
    put_context(staffed, run_id, GIVEN % MARKED)
    settings = Settings(output_keys=outputs)
    new = Ops(staffed, settings, MANAGER, False, lambda: NOW).retry(run_id)
    left = {key: value for key, value in json.loads(GIVEN % "").items() if key not in outputs}
    assert new.context == left | {"triage": {"retry_of_run_id": run_id}}
    if staffed.is_sqlite:
        assert list(new.context) == [*left, "triage"]


@pytest.mark.parametrize("act", [Act.CANCEL, Act.MARK_INVESTIGATED])
@pytest.mark.parametrize("marked", [MARKED, ""], ids=["with triage", "without"])
def test_other_keys_of_the_context_stay_as_they_are_written(staffed, mona, act, marked):
    run_id = add_run(staffed, status="running")
    put_context(staffed, run_id, GIVEN % marked)
    was = raw_context(staffed, run_id)
    assert attempt(mona, act, run_id).status == "success"
    now = raw_context(staffed, run_id)
    if staffed.is_sqlite:  # the text itself: it only grew, in one place
        mark = json.loads(now)["triage"]["cancel" if act is Act.CANCEL else "investigated"]
        words = f'"{"cancel" if act is Act.CANCEL else "investigated"}":{json.dumps(mark, separators=(",", ":"))}'
        expected = was.replace('"a":2}]}', f'"a":2}}],{words}}}') if marked else f'{was[:-1]},"triage":{{{words}}}}}'
        assert now == expected
    else:
        same = text("SELECT CAST(:was AS jsonb) - 'triage' = CAST(:now AS jsonb) - 'triage',"
                    " CAST(CAST(:was AS jsonb) - 'triage' AS text) = CAST(CAST(:now AS jsonb) - 'triage' AS text),"
                    " CAST(:now AS jsonb) -> 'triage' @> coalesce(CAST(:was AS jsonb) -> 'triage', '{}')")  # fmt: skip
        assert staffed.fetch(same, {"was": was, "now": now})[0] == (True, True, True)
        assert "123456789012345678901234567890" in now
        assert "1.50" in now


def test_acts_add_up_in_one_run(staffed, mona):
    run_id = add_run(staffed, status="running", context={"site": "berlin"})
    mona.mark_investigated(run_id, reason=REASON)
    mona.cancel(run_id)
    new = mona.retry(run_id)
    assert set(mona.run(run_id).context["triage"]) == {"investigated", "cancel"}
    assert new.context == {"site": "berlin", "triage": {"retry_of_run_id": run_id}}
    assert [row["status"] for row in audit(staffed)] == ["success"] * 3
    mona.cancel(new.row.id)
    assert mona.retry(run_id).row.id > new.row.id, "a retry that is over stands in the way of none"


REFUSED = [
    ("retry", {"outcome": "succeeded"}, "only one that completed and failed can be retried"),
    ("retry", {"outcome": "failed", "type": "archive.purge"}, "not retryable"),
    ("retry", {"outcome": "failed", "type": "no.such"}, "in no catalog"),
    ("cancel", {"outcome": "failed"}, "only one that is queued or running can be canceled"),
    ("cancel", {"status": "queued", "type": "credentials.rotate"}, "not cancelable"),
    ("mark_investigated", {"context": {"triage": {"investigated": {}}}}, "already marked investigated by somebody"),
    ("mark_investigated", {"context": ["no object"]}, "not a JSON object"),
    ("mark_investigated", {"context": None}, "not a JSON object"),
    ("mark_investigated", {"context": {"triage": [1]}}, "not a JSON object"),
    ("cancel", {"status": "running", "context": "words"}, "not a JSON object"),
    ("cancel", {"status": "running", "context": {"triage": None}}, "not a JSON object"),
    ("retry", {"outcome": "failed", "context": {"triage": "x"}}, "not a JSON object"),
    ("retry", {"outcome": "failed", "context": 5}, "not a JSON object"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "fields", "said"), REFUSED)
def test_a_refused_act_changes_nothing_and_is_on_record_with_what_was_said(staffed, mona, act, fields, said):
    run_id = add_run(staffed, **fields)
    (runs, _), contexts = everything(staffed)
    told = attempt(mona, act, run_id)
    assert told.status == "refused"
    assert said in told.said
    assert everything(staffed)[0][0] == runs
    assert everything(staffed)[1] == contexts
    state = {"status": fields.get("status", "completed"), "outcome": row_of(staffed, run_id)["outcome"]}
    assert recorded(staffed) == row_by(mona, act, run_id, "refused", {"from": state, "refusal": told.said})


@pytest.mark.parametrize("words", ["no json", "", '{"a": 1', '{"a": NaN}', '{"a": Infinity}', "{'a': 1}", '{"a": 1} x'])
def test_a_context_that_sqlite_cannot_read_is_refused_and_kept(sqlite, ops_on, words):
    add_people(sqlite)
    run_id = add_run(sqlite, status="running")
    put_context(sqlite, run_id, words)
    for act in Act:
        decision = ops_on(sqlite, MANAGER).decide(act, run_id)
        told = attempt(ops_on(sqlite, MANAGER), act, run_id)
        assert told[2:] == ("refused", decision.reason)
    assert raw_context(sqlite, run_id) == words
    assert sqlite.fetch(text("SELECT status FROM operation_runs"))[0][0] == "running"


@pytest.mark.parametrize("column", ["initiator_name", "type", "outcome", "context"])
def test_bytes_that_are_no_text_stand_in_the_way_of_no_act_but_those_they_matter_to(sqlite, ops_on, column):
    add_people(sqlite)
    run_id, mona = add_run(sqlite, status="running"), ops_on(sqlite, MANAGER)
    bad = "'{\"a\":\"' || CAST(X'ff41' AS TEXT) || '\"}'" if column == "context" else "CAST(X'ff41' AS TEXT)"
    execute(sqlite, f"UPDATE operation_runs SET {column} = {bad}")
    allowed = {act for act in Act if isinstance(mona.decide(act, run_id), Allowed)}
    assert allowed == {"type": {Act.MARK_INVESTIGATED}, "context": set()}.get(column, {*Act} - {Act.RETRY})
    assert {act for act in Act if attempt(mona, act, run_id).status == "success"} >= allowed
    kept = sqlite.fetch(text(f"SELECT instr(CAST({column} AS BLOB), X'ff41') FROM operation_runs WHERE id = :id"),
                        {"id": run_id})[0][0]  # fmt: skip
    assert kept or column == "outcome"
    assert len(audit(sqlite)) == 3


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("who", [VIEWER, OUTSIDER, INACTIVE, "nobody@example.test", "", 999, 2**70])
def test_who_may_not_manage_is_denied_and_on_record(staffed, ops_on, who, act):
    run_id = add_run(staffed, outcome="failed")
    was = everything(staffed)[0][0]
    told = attempt(ops_on(staffed, who), act, run_id)
    assert told.status == "denied"
    assert "ask whoever manages access" in told.said
    assert everything(staffed)[0][0] == was
    row = recorded(staffed)
    assert (row["status"], row["metadata"]["refusal"], row["resource_id"]) == ("denied", told.said, run_id)
    assert (row["actor_id"] is None) == (who not in (VIEWER, OUTSIDER, INACTIVE))


@pytest.mark.parametrize("granted", [[], [MANAGE], [VIEW, MANAGE], [ENTRY, MANAGE], [ENTRY, VIEW], "null", "5"])
def test_manage_alone_is_not_enough(staffed, ops_on, granted):
    set_capabilities(staffed, MANAGER, granted)
    assert attempt(ops_on(staffed, MANAGER), Act.RETRY, add_run(staffed, outcome="failed")).status == "denied"


def test_a_right_that_was_taken_away_a_moment_ago_is_gone(staffed, mona):
    run_id = add_run(staffed, outcome="failed")
    assert mona.can(MANAGE)
    set_capabilities(staffed, MANAGER, [ENTRY, VIEW])
    assert attempt(mona, Act.RETRY, run_id).status == "denied"


def test_a_right_that_was_given_a_moment_ago_is_there(staffed, ops_on):
    run_id = add_run(staffed, outcome="failed")
    otto = ops_on(staffed, OUTSIDER)
    assert not otto.can(VIEW)
    set_capabilities(staffed, OUTSIDER, [ENTRY, VIEW, MANAGE])
    assert attempt(otto, Act.RETRY, run_id).status == "success"


@pytest.mark.parametrize("act", Act)
def test_a_read_only_place_never_opens_what_writes(staffed, act):
    run_id = add_run(staffed, outcome="failed")
    was = everything(staffed)
    database = Database(url_of(staffed), Settings())
    closed = Ops(database, Settings(), MANAGER, True, lambda: NOW)
    told = attempt(closed, act, run_id)
    assert (told.status, "read-only" in told.said) == ("denied", True)
    assert closed.decide(act, run_id).reason == told.said
    assert everything(staffed) == was
    assert "writer" not in vars(database)
    closed.close()


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("number", [0, -1, 99, 2**63, -(2**70)])
def test_a_number_that_no_run_has_is_said_and_nothing_is_written(staffed, mona, act, number):
    with pytest.raises(RunNotFound, match=f"There is no Operation #{number};"):
        attempt(mona, act, number)
    assert audit(staffed) == []


def test_who_may_not_look_learns_of_no_number_whether_there_is_such_a_run(staffed, ops_on):
    here, absent = add_run(staffed, outcome="failed"), 99
    told = [attempt(ops_on(staffed, OUTSIDER), Act.RETRY, number) for number in (here, absent)]
    assert told[0].said == told[1].said


@pytest.mark.parametrize("number", ["1", None, True, 1.5, [1], "1 OR 1=1"])
def test_what_is_no_number_is_refused_before_the_database_hears_of_it(staffed, mona, number):
    with pytest.raises(BadInput, match="named by its number"):
        mona.retry(number)
    assert audit(staffed) == []


def test_an_act_on_a_run_that_stands_as_it_was_seen_is_done(staffed, mona):
    run_id = add_run(staffed, outcome="failed")
    seen = mona.case(run_id).seen
    put_context(staffed, run_id, '{"progress": 5}')
    assert attempt(mona, Act.RETRY, run_id, seen).status == "success"


def test_an_act_on_a_run_that_moved_on_is_refused_with_its_new_state_and_who_was_there(staffed, mona, ops_on):
    set_capabilities(staffed, VIEWER, [ENTRY, VIEW, MANAGE])
    vera = ops_on(staffed, VIEWER)
    run_id = add_run(staffed, status="running")
    seen = mona.case(run_id).seen
    vera.mark_investigated(run_id, reason=REASON)
    marked = "marked investigated by Vera at 2026-11-23 14:00:00 UTC"
    since = f"Operation #{run_id} has changed since you looked: it is"
    assert attempt(mona, Act.CANCEL, run_id, seen).said == f"{since} running now, and {marked}."
    vera.cancel(run_id)
    canceled = "canceled by Vera at 2026-11-23 14:00:00 UTC"
    assert attempt(mona, Act.RETRY, run_id, seen).said == f"{since} {canceled} now, and {marked}."
    assert [row["status"] for row in audit(staffed)] == ["success", "refused", "success", "refused"]
    seen = mona.case(run_id).seen
    new = vera.retry(run_id)
    assert f"already retried by Vera as Operation #{new.row.id}" in attempt(mona, Act.RETRY, run_id, seen).said


def test_a_run_that_its_worker_finished_meanwhile_is_refused_with_how_it_ended(staffed, mona):
    run_id = add_run(staffed, status="queued")
    seen = mona.case(run_id).seen
    execute(staffed, "UPDATE operation_runs SET status = 'running' WHERE id = :id", id=run_id)
    assert attempt(mona, Act.CANCEL, run_id, seen).said == (
        f"Operation #{run_id} has changed since you looked: it is running now."
    )
    execute(staffed, "UPDATE operation_runs SET status = 'completed', outcome = 'blocked' WHERE id = :id", id=run_id)
    assert "was completed as blocked: only one" in attempt(mona, Act.CANCEL, run_id, seen).said


@pytest.mark.parametrize("seen", ["", "x", "0" * 16, "null"])
def test_a_fingerprint_that_nobody_was_given_is_refused(staffed, mona, seen):
    assert "has changed since you looked" in attempt(mona, Act.RETRY, add_run(staffed, outcome="failed"), seen).said


def test_columns_that_opsnb_does_not_know_survive(staffed, mona):
    execute(staffed, "ALTER TABLE operation_runs ADD COLUMN queue TEXT DEFAULT 'slow'")
    run_id = add_run(staffed, status="running")
    execute(staffed, "UPDATE operation_runs SET queue = 'fast'")
    mona.cancel(run_id)
    assert mona.retry(run_id).row.id > run_id
    queues = [row.queue for row in staffed.fetch(text("SELECT queue FROM operation_runs ORDER BY id"))]
    assert queues == ["fast", "slow"]


def test_a_retry_that_went_around_the_lock_ends_in_a_refusal_that_names_it(postgresql, ops_on):
    """A foreign writer takes no lock on the run; the unique index of live retries holds it to the rule."""
    add_people(postgresql)
    run_id = add_run(postgresql, outcome="failed")
    engine, told = create_engine(postgresql.url), []
    with engine.connect() as other:
        foreign = other.execute(
            text("INSERT INTO operation_runs (workspace_id, initiator_name, type, status, outcome, context, created_at)"
                 " VALUES (1, 'Grace', 'inventory.sync', 'queued', 'pending',"
                 f" '{{\"triage\": {{\"retry_of_run_id\": {run_id}}}}}', '2026-11-23 13:02+00') RETURNING id")
        ).scalar()  # fmt: skip
        act = threading.Thread(target=lambda: told.append(attempt(ops_on(postgresql, MANAGER), Act.RETRY, run_id)))
        act.start()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        end = time.monotonic() + 10
        while not postgresql.fetch(waiting)[0][0]:
            assert time.monotonic() < end, "nobody waits for the foreign writer"
            time.sleep(0.01)
        other.commit()
        act.join()
    engine.dispose()
    assert told[0].said == (f"Operation #{run_id} was already retried by Grace as Operation #{foreign}"
                            " at 2026-11-23 13:02:00 UTC, which is queued.")  # fmt: skip
    assert recorded(postgresql)["status"] == "refused"


def guard(database, table, when, raised):
    """Let the database itself refuse what is written to a table, or swallow it without a word."""
    if database.is_sqlite:
        what = "SELECT RAISE(ABORT, 'the guard says no')" if raised else "SELECT RAISE(IGNORE)"
        execute(database, f"CREATE TRIGGER guard BEFORE {when} ON {table} BEGIN {what}; END")
        return
    what = "RAISE EXCEPTION 'the guard says no'" if raised else "RETURN NULL"
    execute(database, f"CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what}; END $$")
    execute(database, f"CREATE TRIGGER guard BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION guard()")


def a_run_for(database, act):
    return add_run(database, **({"status": "running"} if act is Act.CANCEL else {"outcome": "failed"}))


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("table", ["operation_runs", "audit_logs"])
def test_when_the_database_refuses_half_of_an_act_none_of_it_is_done(staffed, mona, act, table):
    run_id = a_run_for(staffed, act)
    when = "INSERT" if table == "audit_logs" or act is Act.RETRY else "UPDATE"
    guard(staffed, table, when, raised=True)
    was = everything(staffed)
    with pytest.raises(DatabaseUnavailable, match="could not answer: the guard says no") as failure:
        attempt(mona, act, run_id)
    assert "\n" not in str(failure.value)
    assert everything(staffed) == was
    execute(staffed, "DROP TRIGGER guard" + ("" if staffed.is_sqlite else f" ON {table}"))
    assert attempt(mona, act, run_id).status == "success"


@pytest.mark.parametrize("act", Act)
def test_an_act_that_the_database_swallows_is_refused_and_on_record(staffed, mona, act):
    run_id = a_run_for(staffed, act)
    guard(staffed, "operation_runs", "INSERT" if act is Act.RETRY else "UPDATE", raised=False)
    was = everything(staffed)[0][0]
    told = attempt(mona, act, run_id)
    assert told[2:] == (
        "refused",
        f"The database keeps Operation #{run_id} as it is by a rule of its own; ask its owner.",
    )
    assert everything(staffed)[0][0] == was
    assert recorded(staffed)["metadata"]["refusal"] == told.said


def test_a_retry_that_breaks_a_rule_of_the_database_says_which(staffed, mona):
    run_id = add_run(staffed, outcome="failed")
    if staffed.is_sqlite:  # others let a run keep the number of a workspace that is gone
        execute(staffed, "ALTER TABLE operation_runs RENAME TO kept")
        execute(staffed, "CREATE TABLE operation_runs AS SELECT * FROM kept")
        execute(staffed, "CREATE UNIQUE INDEX only_one ON operation_runs (workspace_id)")
        rule = "UNIQUE constraint failed"
    else:  # and load rows without telling the sequence
        execute(staffed, "SELECT setval('operation_runs_id_seq', 1, false)")
        execute(staffed, "INSERT INTO operation_runs SELECT 2, workspace_id, tenant_id, initiator_name, type, status,"
                         " outcome, context, created_at FROM operation_runs")  # fmt: skip
        execute(staffed, "INSERT INTO operation_runs SELECT 3, workspace_id, tenant_id, initiator_name, type, status,"
                         " outcome, context, created_at FROM operation_runs WHERE id = 1")  # fmt: skip
        rule = "duplicate key value violates unique constraint"
    was = everything(staffed)
    with pytest.raises(DatabaseUnavailable, match=rule):
        mona.retry(run_id)
    assert everything(staffed) == was


def test_a_retry_into_a_workspace_that_is_gone_says_so(sqlite, ops_on):
    add_people(sqlite)
    run_id = add_run(sqlite, outcome="failed")
    engine = create_engine(sqlite.url)
    with engine.begin() as careless:  # SQLite asks nobody about references unless told to
        careless.execute(text("DELETE FROM workspaces"))
    engine.dispose()
    with pytest.raises(DatabaseUnavailable, match="FOREIGN KEY constraint failed"):
        ops_on(sqlite, MANAGER).retry(run_id)
    assert audit(sqlite) == []


@pytest.mark.parametrize("act", Act)
def test_a_lock_of_somebody_else_is_waited_for_as_long_as_set_and_then_told(staffed, act):
    run_id = a_run_for(staffed, act)
    was = everything(staffed)
    settings = Settings(lock_timeout=timedelta(milliseconds=300))
    mona = Ops(Database(url_of(staffed), settings), settings, MANAGER, False, lambda: NOW)
    with staffed.change() as holder:
        holder.execute(text("UPDATE operation_runs SET type = type WHERE id = :id"), {"id": run_id})
        assert isinstance(mona.decide(act, run_id), Allowed), "to look takes no lock"
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="is locked by"):
            attempt(mona, act, run_id)
        assert 0.25 < time.monotonic() - began < 5
    assert everything(staffed) == was
    assert attempt(mona, act, run_id).status == "success"
    mona.close()


def test_a_lock_that_is_given_back_in_time_costs_nobody_anything(staffed, mona):
    run_id = add_run(staffed, outcome="failed")
    held, told = threading.Event(), []

    def wait_and_retry():
        held.wait()
        told.append(attempt(mona, Act.RETRY, run_id))

    waiting = threading.Thread(target=wait_and_retry)
    waiting.start()
    with staffed.change() as holder:
        holder.execute(text("UPDATE operation_runs SET outcome = 'succeeded' WHERE id = :id"), {"id": run_id})
        held.set()
        time.sleep(0.2)
    waiting.join()
    assert "is completed as succeeded: only one" in told[0].said, "decided on what the run was when its lock was had"
