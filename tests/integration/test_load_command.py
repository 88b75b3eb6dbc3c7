"""``opsnb load`` as a person meets it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from opsnb.cli import main

ROW = {"workspace": "W", "type": "t", "status": "queued", "outcome": "pending", "created_at": "2026-01-01T00:00:00Z"}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.jsonl").write_text(json.dumps(ROW) + "\n" + json.dumps(ROW | {"status": "?", "note": 1}) + "\n")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["load", *words, "--database", "runs.db"])


def test_a_load_is_summed_up() -> None:
    done = run("r.jsonl", "--rejects", "out.csv")
    assert done.exit_code == 0
    assert done.stdout == "Loaded 1 operations from r.jsonl into runs.db.\n"
    assert done.stderr == (
        "r.jsonl:2: status '?' must be one of queued, running, completed\n"
        "Rejected 1 rows; all are in out.csv.\n"
        'Ignored columns: note (a map with context = "rest" keeps them).\n'
    )


def test_a_second_load_is_refused_in_one_sentence() -> None:
    run("r.jsonl")
    again = run("r.jsonl")
    assert again.exit_code == 1
    assert "--again" in again.stderr
    assert again.stdout == ""
    assert run("r.jsonl", "--again").exit_code == 0


@pytest.mark.parametrize(
    ("words", "named"),
    [(["no.csv"], "There is no file no.csv"), (["."], "is a folder"), (["r.jsonl", "--map", "x"], "no map 'x'")],
)
def test_errors_are_one_sentence(words: list[str], named: str) -> None:
    done = run(*words)
    assert done.exit_code == 1
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not Path("runs.db").exists()


def test_an_interrupt_says_that_nothing_was_loaded() -> None:
    with mock.patch("opsnb.load.transfer.Transfer.run", side_effect=KeyboardInterrupt):
        done = run("r.jsonl")
    assert done.exit_code == 130
    assert done.stderr == "Interrupted: nothing of r.jsonl was loaded.\n"
    assert not Path("runs.db").exists()


def test_a_terminal_sees_progress() -> None:
    terminal, stderr = pty.openpty()
    command = [sys.executable, "-c", "from opsnb.cli import main; main()", "load", "r.jsonl", "--database", "runs.db"]
    subprocess.run(command, stderr=stderr, stdout=subprocess.DEVNULL, check=True, env={**os.environ, "TERM": "xterm"})
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    os.close(stderr)
    assert "1 rows" in shown
    assert "100%" in shown
