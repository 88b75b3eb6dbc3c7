"""The worker against operators, other workers, signals, and databases that go away.

OPSNB_TEST_SOAK=1 does for minutes what otherwise takes seconds.
"""

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from opsnb import schema
from opsnb.database import Database
from opsnb.errors import DatabaseUnavailable, TriageRefused
from opsnb.ops import Ops
from opsnb.worker import Worker
from support.history import MANAGER, add_run
from support.postgres import server
from support.workers import claims, context, eventually, now, operator, process, queue, read, threaded

SOAK = 10 if os.environ.get("OPSNB_TEST_SOAK") else 1
TRIAGE = {"note": "kept"}


@pytest.fixture
def manager(database: Database) -> Ops:
    return operator(database)


def completed(database: Database) -> int:
    return int(database.fetch(text("SELECT count(*) FROM operation_runs WHERE status = 'completed'"))[0][0])


def once(taken, wait=lambda _seconds: False) -> list[str]:
    lines: list[str] = []
    Worker(taken, 0, wait, lines.append).run(once=True)
    return lines


# The rule: which runs are claimed.


def test_it_claims_what_was_queued_since_it_started_and_fresh_retries(database):
    retry = lambda of: {"triage": {"retry_of_run_id": of}}  # noqa: E731
    ago = lambda seconds: now() - timedelta(seconds=seconds)  # noqa: E731
    left = [
        *queue(database, created_at=ago(3)),
        *queue(database, created_at=ago(120), context=retry(1)),
        *queue(database, type="unheard.of"),
        *queue(database, status="running", started_at=now()),
        *queue(database, status="completed", outcome="failed"),
    ]
    taken = claims(database)
    wanted = [*queue(database, created_at=ago(30), context=retry(2)), *queue(database, 2)]
    left += [*queue(database, context=[]), *queue(database, context="text"), *queue(database, type="unheard.of")]
    before = [read(database, number) for number in left]
    assert [line for line in once(taken) if line.endswith(" claimed")] == [f"Operation #{n} claimed" for n in wanted]
    assert [read(database, number) for number in left] == before
    assert completed(database) == len(wanted) + 1


def test_a_context_that_is_no_json_is_passed_over(sqlite):
    taken = claims(sqlite)
    broken, [fine] = add_run(sqlite, status="queued", created_at=now()), queue(sqlite)
    with sqlite.change() as connection:
        connection.execute(text("UPDATE operation_runs SET context = '{oh' WHERE id = :id"), {"id": broken})
    assert once(taken)[0] == f"Operation #{fine} claimed"


def test_what_a_finished_run_holds(database):
    taken = claims(database, "worker-1")
    numbers = queue(database, 5)
    once(taken)
    for number in numbers:
        run, told = read(database, number), context(database, number)
        fails = number % 5 == 2
        assert (run.status, run.outcome) == ("completed", "failed" if fails else "succeeded")
        assert run.started_at <= run.completed_at
        assert (told["worker"]["name"], told["triage"], told["total"]) == ("worker-1", TRIAGE, 100)
        assert (told["progress"]["done"] == 100) is not fails
        assert ("error" in told) is fails
        assert not fails or set(told["error"]) == {"code", "message"}


# Several workers.


def test_each_run_is_claimed_once_by_four_workers_in_threads(database):
    with threaded(database, 4) as workers:
        numbers = queue(database, 60 * SOAK)
        eventually(lambda: completed(database) == len(numbers), 60 * SOAK)
    claimed = Counter(line for worker in workers for line in worker.lines if line.endswith(" claimed"))
    assert claimed == Counter(f"Operation #{number} claimed" for number in numbers)
    assert not [line for worker in workers for line in worker.lines if "left alone" in line]


def test_each_run_is_claimed_once_by_four_workers_in_processes(database, tmp_path):
    with ExitStack() as stack:
        started = [stack.enter_context(process(tmp_path, database, "--step=0")) for _ in range(4)]
        numbers = queue(database, 40 * SOAK)
        eventually(lambda: completed(database) == len(numbers), 60 * SOAK)
        for one in started:
            one.terminate()
        said = [
            line for one in started for line in one.communicate(timeout=20)[0].splitlines() if line.endswith(" claimed")
        ]
    assert Counter(said) == Counter(f"Operation #{number} claimed" for number in numbers)


def test_all_four_take_part(database):
    with threaded(database, 4, step=0.05) as workers:
        # On SQLite the same worker may win the lock again and again, so there is always one more run to win.
        eventually(lambda: queue(database, 4) and all(worker.lines for worker in workers))
        assert all(worker.lines for worker in workers)


# Operators meanwhile.


def test_a_run_canceled_between_steps_is_left_at_once(database, manager):
    taken, [number] = claims(database), queue(database)
    steps = count()
    found = []

    def cancel_at_the_third_step(_seconds):
        if next(steps) == 3:  # the first wait is the one before it looks for a run
            manager.cancel(number)
            found.append(read(database, number))
        return False

    lines = once(taken, cancel_at_the_third_step)
    assert lines[-1] == f"Operation #{number} left alone: it is no longer this worker's to run"
    assert next(steps) <= 6
    assert [read(database, number)] == found
    assert (found[0].status, found[0].outcome) == ("completed", "failed")
    assert set(context(database, number)) >= {"progress", "worker", "triage"}
    assert context(database, number)["triage"]["cancel"]["by"] == "Mona"


def test_a_run_taken_over_by_another_worker_is_left_alone(database):
    taken, [number] = claims(database), queue(database)
    claim = taken.take()
    with database.change() as connection:
        connection.execute(text("UPDATE operation_runs SET status = 'queued' WHERE id = :id"), {"id": number})
    other = claims(database, "other")
    queue_time = "UPDATE operation_runs SET created_at = :now WHERE id = :id"
    with database.change() as connection:
        connection.execute(text(queue_time), {"now": now().isoformat(" "), "id": number})
    theirs = eventually(other.take)
    before = read(database, number)
    assert not taken.advance(claim, {"done": 1, "total": 2})
    assert not taken.finish(claim, None)
    assert read(database, number) == before
    assert other.finish(theirs, None)
    assert not other.finish(theirs, None)


def test_a_cancel_racing_completion_never_overwrites_a_finished_run(database, manager):
    outcomes, late = Counter(), 0.0
    with ThreadPoolExecutor(2) as pool:
        for _ in range(80 * SOAK):
            taken, [number] = claims(database), queue(database)
            claim = taken.take()
            gate = threading.Barrier(2, timeout=10)

            def finish(taken=taken, claim=claim, gate=gate, late=late):
                gate.wait()
                time.sleep(late)
                return taken.finish(claim, None)

            def cancel(number=number, gate=gate):
                gate.wait()
                try:
                    manager.cancel(number)
                except TriageRefused:
                    return False
                return True

            finished, canceled = pool.submit(finish), pool.submit(cancel)
            assert finished.result() is not canceled.result(), "exactly one of them completes the run"
            run, told = read(database, number), context(database, number)
            assert (run.status, run.outcome) == ("completed", "succeeded" if finished.result() else "failed")
            assert ("cancel" in told["triage"]) is canceled.result()
            assert told["triage"]["note"] == "kept"
            outcomes[finished.result()] += 1
            late = max(0, late + (0.0003 if finished.result() else -0.0003))  # so that they stay neck and neck
    print(f"finished first {outcomes[True]}, canceled first {outcomes[False]}")


def test_progress_and_triage_never_lose_each_other(database, manager):
    taken, numbers = claims(database), queue(database, 12 * SOAK)
    claimed, written, over = [taken.take() for _ in numbers], Counter(), threading.Event()

    def write_progress():
        for done in count(1):
            kept = [claim.id for claim in claimed if taken.advance(claim, {"done": done, "total": 10**6})]
            written.update(dict.fromkeys(kept, 1))
            if over.is_set():
                return

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_progress)
        try:
            operate(manager, numbers)
        finally:
            over.set()
        writing.result(30)
    assert min(written.values()) > 1
    for claim in claimed:
        told, canceled = context(database, claim.id), claim.id in numbers[::2]
        assert (told["triage"]["note"], told["triage"]["investigated"]["by"]) == ("kept", "Mona")
        assert ("cancel" in told["triage"]) is canceled
        assert told["progress"] == {"done": written[claim.id], "total": 10**6}
        assert taken.finish(claim, None) is not canceled


def operate(manager: Ops, numbers: list[int]) -> None:
    for number in numbers:
        eventually(lambda n=number: "progress" in context(manager.database, n))
        manager.mark_investigated(number, reason="looked into while it runs")
    for number in numbers[::2]:
        manager.cancel(number)


# Endings.


def test_killed_in_mid_run_it_loses_nothing(database, manager, tmp_path):
    with process(tmp_path, database, "--step=30") as victim:
        [number] = queue(database, type="reports.export")
        eventually(lambda: read(database, number).status == "running")
        victim.kill()
        victim.wait()
    assert (read(database, number).status, read(database, number).outcome) == ("running", "pending")
    later = Ops(database, database.settings, MANAGER, False, lambda: now() + timedelta(hours=1))
    assert [row.id for row in manager.stuck().rows] == []
    assert [row.id for row in later.stuck().rows] == [number]
    manager.cancel(number)
    retry = manager.retry(number).id
    assert "progress" not in context(database, retry)
    once(claims(database))  # asked for before this worker started
    assert read(database, retry).status == "completed"
    assert context(database, retry)["triage"] == {"retry_of_run_id": number}
    assert read(database, number).outcome == "failed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_its_run_as_failed(database, tmp_path, number):
    with process(tmp_path, database, "--step=600") as running:
        [run] = queue(database)
        eventually(lambda: read(database, run).status == "running")
        running.send_signal(number)
        assert running.wait(60) == 0  # in the midst of its step, however busy the machine is
    assert (read(database, run).status, read(database, run).outcome) == ("completed", "failed")
    assert context(database, run)["error"]["code"] == "WORKER_STOPPED"
    assert context(database, run)["triage"] == TRIAGE


def test_idle_it_rests(sqlite, tmp_path):
    with process(tmp_path, sqlite) as running:
        idle = psutil.Process(running.pid)
        before = idle.cpu_times()
        time.sleep(2)
        after = idle.cpu_times()
        assert (after.user + after.system) - (before.user + before.system) < 0.2
        running.terminate()
        assert running.wait(10) == 0


def test_a_file_that_goes_away_is_waited_for(sqlite):
    path = Path(str(sqlite.url.database))
    with threaded(sqlite, step=0.02) as [worker]:
        [first] = queue(sqlite)
        eventually(lambda: "progress" in context(sqlite, first))
        away = path.rename(path.with_name("away.db"))
        eventually(lambda: worker.lines[1:])
        time.sleep(0.8)
        away.rename(path)
        eventually(lambda: read(sqlite, first).status == "completed")
    assert [line for line in worker.lines if "waits for it" in line] == worker.lines[1:2]
    assert "There is no database at" in worker.lines[1]
    assert worker.lines[2] == "The database answers again."


def test_a_postgresql_that_is_restarted_is_waited_for(open_database):
    with server() as own:
        database = open_database(own.create("restarted"))
        schema.init(database)
        with threaded(database, step=0.1) as [worker]:
            [number] = queue(database)
            eventually(lambda: "progress" in context(database, number))
            own.stop()
            eventually(lambda: worker.lines[1:])
            time.sleep(0.8)
            own.start()
            later = eventually(lambda: _try(lambda: queue(database)))[0]
            for run in (number, later):
                eventually(lambda r=run: read(database, r).status == "completed")
        database.close()
    said = [line for line in worker.lines if not line.startswith("Operation")]
    assert len(said) == 2
    assert said[0].endswith("The worker waits for it.")
    assert "left alone" not in "".join(worker.lines)


def _try(ask):
    try:
        return ask()
    except DatabaseUnavailable:
        return None


def test_told_to_stop_while_the_database_is_away_it_stops(sqlite):
    path = Path(str(sqlite.url.database))
    with threaded(sqlite, step=0.02) as [worker]:
        queue(sqlite)
        eventually(lambda: worker.lines)
        path.rename(path.with_name("away.db"))
        eventually(lambda: worker.lines[1:])
        worker.end()
