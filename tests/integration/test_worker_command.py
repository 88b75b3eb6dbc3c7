"""`opsnb worker`, and the worker that `opsnb demo` and `opsnb lab` run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from opsnb.cli import main
from opsnb.database import Database
from opsnb.models import as_utc
from opsnb.ops import Clock, Ops
from support.serving import OPSNB, environment, running
from support.workers import context, eventually, now, read


def test_it_wants_to_be_told_that_it_pretends(tmp_path):
    done = CliRunner().invoke(main, ["worker", f"--database={tmp_path / 'x.db'}"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: This worker only pretends to work, so it wants --demo; ")
    assert "docs/workers.md" in done.output


def test_it_works_on_a_demo_alone(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run([*OPSNB, "worker", "--demo", "--once"], env=environment(tmp_path, OPSNB_DATABASE_URL=url),
                          capture_output=True, text=True, timeout=30, check=False)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (f"Error: {database.name} is no demo, and this worker only pretends to work;"
                           " make one with opsnb demo.\n")  # fmt: skip


def run(folder: Path, *words: str, **settings: str) -> str:
    """Run a command that ends by itself; give what it said."""
    done = subprocess.run([*OPSNB, *words], cwd=folder, env=environment(folder, **settings), capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    run(folder, "demo", "--no-serve", "--database=demo.db")
    return folder / "demo.db"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_in_a_demo_it_touches_the_retry_alone(kind, request, open_database, tmp_path):
    if kind == "sqlite":
        url = str(shutil.copy(request.getfixturevalue("demo_file"), tmp_path))
    else:
        url = request.getfixturevalue("postgres").create("demo_for_worker")
        run(tmp_path, "demo", "--no-serve", f"--database={url}")
    database = open_database(url)
    every = text("SELECT id, status, CAST(context AS text) FROM operation_runs ORDER BY id")
    before = database.fetch(every)
    retry = a_retry(database)
    said = run(tmp_path, "worker", "--demo", "--once", "--step=0", f"--database={url}")
    assert said.splitlines()[1:] == [f"Operation #{retry} claimed", f"Operation #{retry} succeeded"]
    assert database.fetch(every)[:-1] == before
    database.close()


def test_demo_and_worker_have_the_clock_of_the_settings(tmp_path, open_database):
    fixed = {"OPSNB_NOW": "2020-02-29T14:00"}
    run(tmp_path, "demo", "--no-serve", "--database=demo.db", **fixed)
    database = open_database(str(tmp_path / "demo.db"))
    newest = database.fetch(text("SELECT max(created_at) FROM operation_runs"))[0][0]
    assert newest.startswith("2020-02-29 13:5")
    retry = a_retry(database, lambda: datetime(2020, 2, 29, 14, tzinfo=UTC))
    assert f"#{retry} succeeded" in run(
        tmp_path, "worker", "--demo", "--once", "--step=0", "--database=demo.db", **fixed
    )
    assert as_utc(read(database, retry).completed_at) == datetime(2020, 2, 29, 14, tzinfo=UTC)


def a_retry(database: Database, clock: Clock = now) -> int:
    """Retry the oldest failure, as the demo's manager; give the number of the new run."""
    failed = "SELECT min(id) FROM operation_runs WHERE type = 'inventory.sync' AND outcome = 'failed'"
    manager = Ops(database, database.settings, "ada@contoso.example", False, clock)
    return manager.retry(database.fetch(text(failed))[0][0]).id


def workers_of(parent: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(parent).children() if "--with-parent" in child.cmdline()]


def ended(process_: psutil.Process) -> bool:
    return not process_.is_running() or process_.status() == psutil.STATUS_ZOMBIE


def test_the_demo_s_worker_ends_with_the_server(tmp_path, open_database):
    with running(tmp_path, [*OPSNB, "demo", "--database=demo.db", "--port=0"]) as demo:
        [worker] = eventually(lambda: workers_of(demo.process.pid))
        database = open_database(str(tmp_path / "demo.db"))
        time.sleep(1)
        retry = a_retry(database)
        eventually(lambda: read(database, retry).status == "running")
        demo.process.send_signal(signal.SIGINT)
        demo.process.wait(10)
        assert ended(worker)
        assert context(database, retry)["error"]["code"] == "WORKER_STOPPED"


@pytest.mark.parametrize("options", [[], ["--no-worker"], ["--no-serve"]])
def test_when_the_demo_has_a_worker(options, monkeypatch, tmp_path):
    seen = []
    demo = sys.modules["opsnb.cli.demo"]  # the package's attribute of that name is the command
    monkeypatch.setattr("opsnb.demo.prepare", lambda *_: None)
    monkeypatch.setattr(demo, "beside", lambda told: seen.append(told["OPSNB_DATABASE_URL"]) or nullcontext())
    monkeypatch.setattr(demo, "run_server", lambda *_, **__: seen.append("server"))
    done = CliRunner().invoke(main, ["demo", f"--database={tmp_path}/x.db", "--port=0", *options])
    assert done.exit_code == 0, done.output
    assert (
        seen
        == {"": [f"sqlite:///{tmp_path}/x.db", "server"], "--no-worker": ["server"], "--no-serve": []}["".join(options)]
    )


BESIDE = "with beside({}): time.sleep(99)"
BECOMES = "along_with({}); os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(99)'])"


@pytest.mark.parametrize("starts", [BESIDE, BECOMES], ids=["beside", "along_with"])
def test_no_worker_outlives_a_killed_parent(starts, demo_file, tmp_path, open_database):
    database = open_database(str(shutil.copy(demo_file, tmp_path)))
    env = environment(tmp_path, OPSNB_DATABASE_URL=str(database.url.database))
    script = f"import os, sys, time; from opsnb.worker.beside import along_with, beside\n{starts}"
    parent = subprocess.Popen([sys.executable, "-c", script], env=env)
    try:
        [worker] = eventually(lambda: workers_of(parent.pid))
        time.sleep(1.5)
        retry = a_retry(database)
        eventually(lambda: read(database, retry).status == "running")
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: ended(worker), 5)
    assert context(database, retry)["error"]["code"] == "WORKER_STOPPED"


@pytest.mark.parametrize("is_demo", [True, False])
def test_lab_has_a_worker_on_a_demo(is_demo, demo_file, sqlite_url, monkeypatch):
    lab, started = sys.modules["opsnb.cli.lab"], []
    monkeypatch.setattr(os, "execve", lambda *_: None)
    monkeypatch.setattr(lab, "along_with", lambda told: started.append(told["OPSNB_DATABASE_URL"]))
    path = demo_file if is_demo else sqlite_url
    done = CliRunner().invoke(main, ["lab", f"--database={path}"])
    assert done.exit_code == 0, done.output
    assert started == ([f"sqlite:///{path}"] if is_demo else [])
