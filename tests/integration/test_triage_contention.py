"""Many operators and a worker at once: nothing is done twice, nothing is lost, and everything is on record.

The ordinary run is short; with OPSNB_TEST_SOAK=1 it takes the full numbers.
"""

import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from opsnb.database import Database
from opsnb.models import as_utc
from opsnb.triage import Act
from support.acts import (
    PATIENT,
    SOAK,
    WORKERS,
    act_at_random,
    act_together,
    add_mixed_runs,
    add_operators,
    assert_replays,
    at_once,
    attempt,
    audit,
    meet,
    operator,
    ops_for,
    quick,
    states,
    url_of,
)
from support.history import add_recent_run, add_runs, ago

RUNS = 200 if SOAK else 20
ACTS = 500
KINDS = ["threads", "processes"]
pytestmark = pytest.mark.timeout(900 if SOAK else 180)


@pytest.fixture
def staffed(database):
    add_operators(database)
    return database


@pytest.mark.parametrize("kind", KINDS)
def test_of_simultaneous_retries_one_is_done_and_the_others_are_told_its_number(staffed, kind):
    url = url_of(staffed)
    run_ids = add_runs(
        staffed, [{"outcome": "failed", "context": {"site": n}, "created_at": ago(hours=1)} for n in range(RUNS)]
    )
    start = states(staffed)
    told = at_once(kind, act_together, [(url, operator(n), Act.RETRY, run_ids) for n in range(WORKERS)])

    for attempts in zip(*told, strict=True):
        run_id = attempts[0].run_id
        done = [(number, one.said) for number, one in enumerate(attempts) if one.status == "success"]
        assert len(done) == 1
        winner, new_id = done[0]
        for lost in attempts[:winner] + attempts[winner + 1 :]:
            who = f"already retried by Worker{winner} as Operation #{new_id} at "
            assert lost.said.startswith(f"Operation #{run_id} was {who}")
    assert len(states(staffed)) == 2 * RUNS
    assert Counter(row["status"] for row in audit(staffed)) == {"success": RUNS, "refused": (WORKERS - 1) * RUNS}
    assert_replays(staffed, start)


def cancel_together(url, who, run_ids, seed):
    ops, chance = ops_for(url, who), random.Random(seed)
    told = []
    for run_id in run_ids:
        meet()
        time.sleep(chance.uniform(0, 0.008))
        told.append(attempt(ops, Act.CANCEL, run_id))
    ops.close()
    return told


def finish_together(url, run_ids, seed):
    """Complete runs as a worker does, by compare-and-set; give those that it completed, with when."""
    database, chance = Database(url, PATIENT), random.Random(seed)
    quick(database.writer)
    statement = text("UPDATE operation_runs SET status = 'completed', outcome = 'succeeded', completed_at = :at"
                     " WHERE id = :id AND status IN ('queued', 'running')")  # fmt: skip
    finished, lag = {}, 0.004
    for run_id in run_ids:
        meet()
        time.sleep(chance.uniform(0, lag))
        at = datetime.now(UTC)
        with database.change() as connection:
            if connection.execute(statement, {"id": run_id, "at": at.isoformat(" ")}).rowcount:
                finished[run_id] = at
        lag = lag * 1.5 if run_id in finished else 0.004  # so that nobody always wins, however busy the machine is
    database.close()
    return finished


def race(task, *arguments):
    """Tasks of one pool are one function."""
    return {"cancel": cancel_together, "finish": finish_together}[task](*arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancel_never_overwrites_a_run_that_its_worker_finished(staffed, kind):
    url = url_of(staffed)
    running = {"status": "running", "created_at": ago(hours=1), "started_at": ago(minutes=5)}
    run_ids = add_runs(staffed, [running] * RUNS)
    start = states(staffed)
    cancels = [("cancel", url, operator(n), run_ids, n) for n in range(3)]
    *told, finished = at_once(kind, race, [*cancels, ("finish", url, run_ids, 9)])

    canceled = {one.run_id for attempts in told for one in attempts if one.status == "success"}
    assert canceled | set(finished) == set(run_ids)
    assert not canceled & set(finished)
    assert canceled, "no cancel ever won"
    assert finished, "the worker never won"
    assert sum(one.status == "success" for attempts in told for one in attempts) == len(canceled)
    for attempts in told:
        for one in attempts:
            if one.run_id in finished:
                assert f"was completed as succeeded at {finished[one.run_id]:%Y-%m-%d %H:%M:%S} UTC: " in one.said
    with staffed.change() as connection:
        rows = connection.execute(text("SELECT id, status, outcome, completed_at FROM operation_runs")).all()
    for row in rows:
        assert row.status == "completed"
        assert row.outcome == ("succeeded" if row.id in finished else "failed")
        assert row.id in canceled or as_utc(row.completed_at) == finished[row.id]
    assert len(audit(staffed)) == 3 * RUNS
    worked = {number: ("completed", "succeeded", {}) for number in finished}
    done = [row for row in audit(staffed) if row["status"] == "success"]
    assert_replays(staffed, start | worked, done)


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_acts_leave_as_many_audit_rows_and_a_history_that_replays_from_them(staffed, kind):
    run_ids = add_mixed_runs(staffed, 40)
    start = states(staffed)
    share = [ACTS // WORKERS + (n < ACTS % WORKERS) for n in range(WORKERS)]
    tasks = [(url_of(staffed), operator(n), run_ids, share[n], 100 + n) for n in range(WORKERS)]
    told = [one for attempts in at_once(kind, act_at_random, tasks) for one in attempts]

    rows = audit(staffed)
    assert len(told) == len(rows) == ACTS
    wanted = Counter((f"platform.system_console.{one.act}", one.run_id, one.status) for one in told)
    assert Counter((row["action"], row["resource_id"], row["status"]) for row in rows) == wanted
    assert {one.status for one in told} == {"success", "refused"}
    assert_replays(staffed, start)


def test_a_worker_that_writes_its_progress_all_the_while_loses_none_and_triage_loses_none(staffed):
    context = {"site": "berlin", "progress": {}}
    run_ids = add_runs(staffed, [{"status": "running", "context": context, "created_at": ago(hours=1)}] * RUNS)
    ops, over = ops_for(url_of(staffed), operator(0)), threading.Event()
    written = dict.fromkeys(run_ids, 0)

    def work():
        while not over.is_set():
            for run_id in run_ids:
                with staffed.change() as connection:
                    connection.execute(progress(staffed), {"id": run_id, "key": f"step{written[run_id]}"})
                written[run_id] += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        told = [attempt(ops, act, run_id) for act in (Act.MARK_INVESTIGATED, Act.CANCEL) for run_id in run_ids]
    finally:
        over.set()
        worker.join()
        ops.close()
    assert {one.status for one in told} == {"success"}
    for run_id in run_ids:
        context = ops.run(run_id).context
        assert context["progress"] == {f"step{n}": True for n in range(written[run_id])}
        assert context["site"] == "berlin"
        assert set(context["triage"]) == {"cancel", "investigated"}
    assert min(written.values()) > 1
    ops.close()


def progress(database):
    """Set a key of context.progress, as a worker should: by the database's own function."""
    if database.is_sqlite:
        changed = "json_set(context, '$.progress.' || :key, json('true'))"
    else:
        changed = "jsonb_set(context, ARRAY['progress', CAST(:key AS text)], 'true')"
    return text(f"UPDATE operation_runs SET context = {changed} WHERE id = :id")


def test_one_run_canceled_by_everybody_is_canceled_once(staffed):
    run_id = add_recent_run(staffed, status="queued")
    told = at_once("threads", act_together, [(url_of(staffed), operator(n), Act.CANCEL, [run_id]) for n in range(8)])
    statuses = Counter(one.status for attempts in told for one in attempts)
    assert statuses == {"success": 1, "refused": 7}
