"""What `make` does before anything else: find a Python, and make an environment that is either whole or not there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def run(script: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / script, *arguments], env={**os.environ, "PYTHON": sys.executable, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def without_index(tmp_path: Path) -> dict[str, str]:
    """Settings with which pip finds no package at all."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}


@pytest.mark.parametrize("ready", [False, True], ids=["half made", "of a Python that is gone"])
def test_an_environment_that_does_not_work_is_made_anew_and_a_failure_says_why(tmp_path, without_index, ready):
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(tmp_path / "gone")
    (environment / "leftover").touch()
    if ready:
        (environment / "ready").touch()
    made = run("environment", environment, **without_index)
    assert f"Making {environment} with Python 3." in made.stdout
    assert not (environment / "leftover").exists()
    assert made.returncode != 0
    reason = r"The user requested \(constraint\) pip==|No matching distribution found for"  # as old and new pip put it
    assert re.search(reason, made.stdout + made.stderr)
    assert f"{environment} is not ready: the reason stands above. Call make again" in made.stderr
    assert not (environment / "ready").exists()


def test_a_python_that_makes_no_environments_is_told_apart_from_none(tmp_path):
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
    bare.chmod(0o755)
    assert run("python").stdout.strip() == sys.executable
    assert "install python3-venv" in run("python", PYTHON=str(bare)).stderr
    assert "none was found" in run("python", PYTHON=str(tmp_path / "none")).stderr
    assert run("python", PYTHON=f"{bare} {sys.executable}").stdout.strip() == sys.executable
