"""Workers in threads and in processes, and what they left in the database."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, text

from opsnb import catalog
from opsnb.database import Database
from opsnb.ops import Ops
from opsnb.worker import Claims, Worker
from support.history import MANAGER, add_people, add_runs
from support.serving import OPSNB, environment

RETRYABLE = ("inventory.sync", "policies.backup", "policies.compare", "reports.export", "directory.import")


def now() -> datetime:
    return datetime.now(UTC)


def operator(database: Database) -> Ops:
    """Give an `Ops` by the real clock for somebody who may triage."""
    add_people(database)
    return Ops(database, database.settings, MANAGER, False, now)


def claims(database: Database, name: str = "tester") -> Claims:
    return Claims(database, (row.type for row in catalog.default()), name, now)


def queue(database: Database, count: int = 1, **fields: Any) -> list[int]:
    """Queue runs now, which a worker that stands already may claim."""
    run = {"status": "queued", "created_at": now(), "context": {"total": 100, "triage": {"note": "kept"}}}
    return add_runs(database, [run | {"type": RETRYABLE[i % len(RETRYABLE)]} | fields for i in range(count)])


def read(database: Database, number: int) -> Row[Any]:
    """Give a run, its context as text."""
    wanted = text("SELECT id, status, outcome, CAST(context AS text) AS context, started_at, completed_at"
                  " FROM operation_runs WHERE id = :id")  # fmt: skip
    return database.fetch(wanted, {"id": number})[0]


def context(database: Database, number: int) -> dict[str, Any]:
    return json.loads(read(database, number).context)


def eventually(holds: Callable[[], object], seconds: float = 15, said: str = "it never came true") -> Any:
    """Wait until something holds, and give it."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, said
        time.sleep(0.01)
    return found


class Threaded:
    """A worker in a thread; `lines` are what it said."""

    def __init__(self, taken: Claims, step: float) -> None:
        self.lines: list[str] = []
        self.stop = threading.Event()
        self._thread = threading.Thread(target=Worker(taken, step, self.stop.wait, self.lines.append).run)
        self._thread.start()  # what it raises pytest turns into a failure

    def end(self) -> None:
        self.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def threaded(database: Database, count: int = 1, step: float = 0) -> Iterator[list[Threaded]]:
    """Let so many workers work while the block runs."""
    workers = [Threaded(claims(database, f"thread-{number}"), step) for number in range(count)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop.set()
        for worker in workers:
            worker.end()


# The command works on a demo alone; tests have small databases of their own.
ON_ANY = "from opsnb.worker import place; place.holds_demo = lambda database: True; from opsnb.cli import main; main()"


@contextmanager
def process(folder: Path, database: Database, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run ``opsnb worker --demo`` in a process of its own; it listens already."""
    url = database.url.render_as_string(hide_password=False)
    command = [OPSNB[0], "-c", ON_ANY, "worker", "--demo", *options]
    with subprocess.Popen(
        command, cwd=folder, env=environment(folder, OPSNB_DATABASE_URL=url), stdout=subprocess.PIPE, stderr=sys.stderr,
        text=True,
    ) as running:  # fmt: skip
        try:
            assert running.stdout
            assert "waits for operations" in running.stdout.readline()
            yield running
        finally:
            running.kill()
