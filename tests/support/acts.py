"""Triage by many at once, and the audit held against what became of the runs."""

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Engine, event, select, text

from opsnb.access import Capability
from opsnb.audit import Action
from opsnb.database import Database
from opsnb.errors import AccessDenied, TriageRefused
from opsnb.models import as_utc, audit_logs, operation_runs
from opsnb.ops import Ops
from opsnb.queries.context import read_context
from opsnb.settings import Settings
from opsnb.triage import Act
from support.history import add_runs, add_user, ago

SOAK = os.environ.get("OPSNB_TEST_SOAK") == "1"
WORKERS = 8
REASON = "Looked into it."
# Eight writers of one SQLite file queue up behind each other for longer than a person would wait.
PATIENT = Settings(lock_timeout=timedelta(minutes=1))
# A fork of a process that has imported everything and runs one thread: quick, and safe beside threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pytest", "opsnb.ops", "psycopg", "sqlalchemy.dialects.postgresql.psycopg"])

State = tuple[str, str, Any]


class Told(NamedTuple):
    """What came of one attempt: `status` as the audit calls it, and the new run's number or what was said."""

    act: str
    run_id: int
    status: str
    said: int | str


def operator(number: int) -> str:
    return f"worker{number}@example.test"


def add_operators(database: Database, count: int = WORKERS) -> None:
    for number in range(count):
        add_user(database, operator(number), *Capability)


def quick(engine: Engine) -> None:
    """No test turns the power off: without this most of SQLite's time goes to the disk."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda made, _record: made.execute("PRAGMA synchronous = OFF"))


def ops_for(url: str, who: str) -> Ops:
    database = Database(url, PATIENT)
    quick(database.writer)
    return Ops(database, PATIENT, who, False, lambda: datetime.now(UTC))


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def attempt(ops: Ops, act: str, run_id: int, seen: str | None = None) -> Told:
    """Act once; what is neither done nor refused is an error of the test."""
    more = {"reason": REASON} if act == Act.MARK_INVESTIGATED else {}
    try:
        run = getattr(ops, act)(run_id, seen=seen, **more)
    except TriageRefused as refusal:
        return Told(act, run_id, "refused", str(refusal))
    except AccessDenied as refusal:
        return Told(act, run_id, "denied", str(refusal))
    return Told(act, run_id, "success", run.row.id)


_barrier: threading.Barrier


def _meet_at(barrier: threading.Barrier) -> None:
    global _barrier
    _barrier = barrier


def meet() -> None:
    """Wait until every worker has come this far."""
    _barrier.wait(120)


def _together(work: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    try:
        return work(*task)
    except BaseException:
        _barrier.abort()  # or the others would wait for one who will not come
        raise


def at_once(kind: str, work: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Run `work` on all tasks at the same time, each in a thread or a process of its own."""
    tasks = list(tasks)
    pool: Executor
    if kind == "processes":
        barrier: Any = PROCESSES.Barrier(len(tasks))
        pool = ProcessPoolExecutor(len(tasks), PROCESSES, initializer=_meet_at, initargs=(barrier,))
    else:
        pool = ThreadPoolExecutor(len(tasks), initializer=_meet_at, initargs=(threading.Barrier(len(tasks)),))
    with pool:
        done = [pool.submit(_together, work, task) for task in tasks]
        failed = [error for one in done if (error := one.exception())]
    for error in sorted(failed, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return [one.result() for one in done]


def act_together(url: str, who: str, act: str, run_ids: Iterable[int]) -> list[Told]:
    """Try an act on each run at the very moment when the other workers do."""
    ops = ops_for(url, who)
    told = []
    for run_id in run_ids:
        meet()
        told.append(attempt(ops, act, run_id))
    ops.close()
    return told


def act_at_random(url: str, who: str, run_ids: Iterable[int], count: int, seed: int) -> list[Told]:
    """Try `count` acts on runs out of `run_ids` and on their retries."""
    ops, chance, known = ops_for(url, who), random.Random(seed), list(run_ids)
    meet()
    told = []
    for _ in range(count):
        done = attempt(ops, chance.choice(list(Act)), chance.choice(known))
        known += [done.said] if (done.act, done.status) == (Act.RETRY, "success") else []
        told.append(done)
    ops.close()
    return told


def add_mixed_runs(database: Database, count: int) -> list[int]:
    """Add failed, queued, running and succeeded runs of types that allow everything, one thing, or nothing."""
    states = [("completed", "failed"), ("queued", "pending"), ("running", "pending"), ("completed", "succeeded")]
    types = ["inventory.sync", "inventory.sync", "credentials.rotate", "archive.purge", "no.such_type"]
    rows = (
        {"status": states[n % 4][0], "outcome": states[n % 4][1], "type": types[n % 5], "context": {"given": n},
         "created_at": ago(hours=1)}
        for n in range(count)
    )  # fmt: skip
    return add_runs(database, rows)


def states(database: Database) -> dict[int, State]:
    """Read what triage may change of every run: status, outcome and context.triage."""
    columns = operation_runs.c
    rows = database.fetch(select(columns.id, columns.status, columns.outcome, columns.context))
    return {row.id: (row.status, row.outcome, (read_context(row.context) or {}).get("triage", {})) for row in rows}


def audit(database: Database) -> list[Mapping[str, Any]]:
    """Read all audit rows in the order in which they were written."""
    return [row._mapping for row in database.fetch(select(audit_logs).order_by(audit_logs.c.id))]


def replay(start: Mapping[int, State], rows: Iterable[Mapping[str, Any]]) -> dict[int, State]:
    """Say what became of the runs by the audit alone; a row that does not follow from those before it is an error."""
    now = dict(start)
    for row in rows:
        run_id, metadata = row["resource_id"], row["metadata"]
        status, outcome, triage = now[run_id]
        assert metadata["from"] == {"status": status, "outcome": outcome}, f"{row} follows {now[run_id]}"
        if row["status"] != "success":
            continue
        when = as_utc(row["recorded_at"])
        assert when is not None
        by = {"by": row["actor_name"], "by_id": row["actor_id"], "at": when.isoformat()}
        if row["action"] == Action.RETRY:
            assert metadata["new_run_id"] not in now
            now[metadata["new_run_id"]] = ("queued", "pending", {"retry_of_run_id": run_id})
        elif row["action"] == Action.CANCEL:
            now[run_id] = ("completed", "failed", triage | {"cancel": by})
        else:
            now[run_id] = (status, outcome, triage | {"investigated": {"reason": metadata["reason"], **by}})
    return now


def assert_replays(database: Database, start: Mapping[int, State], rows: Any = None) -> None:
    """Hold every run against the audit: start states and what is on record give the end states."""
    assert states(database) == replay(start, audit(database) if rows is None else rows)


def wait_until_alone(database: Database) -> None:
    """Wait until PostgreSQL has ended the sessions of whoever was killed; they may still be committing."""
    if database.is_sqlite:
        return
    database.close()
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    end = time.monotonic() + 30
    while database.fetch(others)[0][0]:
        assert time.monotonic() < end, "somebody is still connected"
        time.sleep(0.002)
