"""``opsnb load`` as a person meets it."""

import json
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
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


# A user id without a name cannot be taken here: it could read neither this Python nor the folders of the test.
WITHOUT_NAME = """
import pwd
def getpwuid(number): raise KeyError(f"getpwuid(): uid not found: {number}")
pwd.getpwuid = getpwuid
from opsnb.cli import main
main()
"""
NAMES = ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME")


def nameless(*words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as a user id that has neither a name nor a home, as containers do."""
    kept = {name: text for name, text in os.environ.items() if name not in NAMES}
    command = [sys.executable, "-c", WITHOUT_NAME, *words]
    return subprocess.run(command, env=kept | more, capture_output=True, text=True, timeout=60)


NAMELESS = [
    ("load", "r.jsonl", "--database", "new.db"),
    ("init", "--database", "new.db"),
    ("demo", "--no-serve", "--database", "new.db"),
]


@pytest.mark.parametrize("words", NAMELESS, ids=lambda words: words[0])
def test_a_user_without_a_name_acts_as_the_settings_say(words: tuple[str, ...]) -> None:
    done = nameless(*words, OPSNB_ACTOR="ada@contoso.example")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect("new.db")) as made:
        assert made.execute("SELECT 1 FROM platform_users WHERE email = 'ada@contoso.example'").fetchone()


@pytest.mark.parametrize("words", NAMELESS, ids=lambda words: words[0])
def test_a_user_without_a_name_is_told_to_give_one(words: tuple[str, ...]) -> None:
    done = nameless(*words)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "OPSNB_ACTOR" in done.stderr


def test_a_user_without_a_home_has_no_embedded_database() -> None:
    done = nameless("load", "r.jsonl", OPSNB_ACTOR="ada")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: The user who runs this has no home folder for the embedded database;"
        " name a database with --database or OPSNB_DATABASE_URL."
    ]
    assert [path.name for path in Path().iterdir()] == ["r.jsonl"]


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
