"""A run of pytest that is killed leaves nothing behind: no process, no folder of a database or a server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from killed_run import READY
from support.serving import survivors

EVERYTHING = ("bin/postgres", "jupyterlab", "ipykernel_launcher", "opsnb.serve.fork_server", "opsnb.cli", "--headless")


def test_ten_seconds_after_a_kill_nothing_is_alive(tmp_path: Path) -> None:
    with running_pytest(tmp_path) as run:
        processes = psutil.Process(run.pid).children(recursive=True)
        commands = [" ".join(process.cmdline()) for process in processes]
        assert [part for part in EVERYTHING if not any(part in command for command in commands)] == []
        folders = supervised(processes)
        assert all(folder.exists() for folder in folders)
        run.send_signal(signal.SIGKILL)
        end = time.monotonic() + 10
        assert survivors(processes, 10) == []
        while left := [folder for folder in folders if folder.exists()]:
            assert time.monotonic() < end, left
            time.sleep(0.1)


@contextmanager
def running_pytest(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `killed_run.py` in a worker of pytest-xdist until everything in it runs."""
    ready, log = folder / "ready", folder / "log"
    command = [sys.executable, "-m", "pytest", "-n1", "-p", "no:cacheprovider"]
    with log.open("wb") as out:
        run = subprocess.Popen(
            [*command, Path(__file__).with_name("killed_run.py")],
            stdout=out, stderr=out, env={**os.environ, READY: str(ready)}, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    try:
        end = time.monotonic() + 150
        while not ready.exists():
            assert run.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield run
    finally:
        run.kill()
        run.wait()


def supervised(processes: list[psutil.Process]) -> list[Path]:
    """Give the folders that supervisors among these processes delete at the end."""
    commands = [process.cmdline() for process in processes]
    folders = [command[3:] for command in commands if len(command) > 1 and command[1].endswith("supervisor.py")]
    assert len(folders) == 2, "one of pytest, one of its worker"
    return [Path(folder) for pair in folders for folder in pair]
