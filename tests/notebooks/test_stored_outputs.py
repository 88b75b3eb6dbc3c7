"""The outputs stored in the notebooks are what a reader gets today; ``scripts/notebooks`` stores them anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import stage


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("stage")
    stage.fill(made / "runs.db")
    return made


def compare(*notebooks: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Execute notebooks cell by cell, each in a kernel of its own, and compare what they show with what they hold."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]
    quiet = ["-q", "--color=no", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder)]
    return subprocess.run(
        [*command, *quiet, *map(str, notebooks)],
        capture_output=True, text=True, timeout=170, check=False, cwd=folder, env=stage.environment(folder),
    )  # fmt: skip


def test_every_notebook_shows_what_it_holds(folder: Path) -> None:
    found = compare(*stage.every(), folder=folder)
    assert found.returncode == 0, f"{found.stdout}{found.stderr}\nIf this is as it should be: scripts/notebooks"


def test_every_cell_takes_part_in_the_comparison() -> None:
    cells = [cell for path in stage.every() for cell in nbformat.read(path, as_version=4).cells]
    assert [cell.id for cell in cells if cell.cell_type == "code" and not cell.execution_count] == []


def test_an_output_that_changed_is_found(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copy(stage.NOTEBOOKS / "stuck.ipynb", tmp_path)
    text = Path(copy).read_text(encoding="utf-8")
    changed = text.replace("Stuck operations: ", "Stuck operations: 1")
    assert changed != text
    Path(copy).write_text(changed, encoding="utf-8")
    found = compare(Path(copy), folder=folder)
    assert found.returncode == 1
    assert "mismatch 'text/plain'" in found.stdout


def test_nothing_stored_belongs_to_one_machine() -> None:
    for path in stage.every():
        text = path.read_text(encoding="utf-8")
        assert not [word for word in ("widget-view", "/tmp", "/home", "model_id", '"execution":') if word in text]
