"""The notebook of an incident: it runs as it is written, and shows the same when it is run again."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
import stage

from opsnb import connect
from opsnb.errors import AccessDenied, BadInput


@pytest.fixture
def ops(tmp_path: Path):
    stage.fill(tmp_path / "runs.db")
    made = connect(str(tmp_path / "runs.db"), actor=stage.ACTOR, now=stage.NOW)
    yield made
    made.close()


def test_it_runs_again_with_the_same_outputs(ops, tmp_path: Path) -> None:
    failure = ops.failures(type="inventory.sync", limit=1).rows[0].id
    path = ops.incident_notebook(failure, tmp_path / "incident.ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "runs.db" not in path.read_text(encoding="utf-8")
    surroundings = stage.environment(tmp_path) | {"OPSNB_NOW": ""}  # the notebook fixes the moment by itself
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", str(path), str(path)],
        env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    executed = nbformat.read(path, as_version=4)
    shown = " ".join(str(output) for cell in executed.cells for output in cell.get("outputs", []))
    for said in (f"Operation #{failure}", "2026-11-23 14:00:00 UTC", "Failure groups", "sha256"):
        assert said in shown
    compared = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider",
         "-c", os.devnull, "--rootdir", str(tmp_path), str(path)],
        env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert compared.returncode == 0, compared.stdout


def test_it_is_dated_parametrised_and_never_replaced(ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failure = ops.failures(limit=1).rows[0].id
    path = ops.incident_notebook(failure)
    assert path == Path(f"incident-{failure}-2026-11-23.ipynb")
    assert set(papermill.inspect_notebook(str(path))) == {"run_id", "as_of", "database"}
    with pytest.raises(BadInput, match="is there already"):
        ops.incident_notebook(failure)
    again = ops.incident_notebook(failure, "again.ipynb")
    assert again.read_bytes() == path.read_bytes()
    with pytest.raises(BadInput, match="cannot be written"):
        ops.incident_notebook(failure, "no/folder.ipynb")


def test_it_asks_for_access(ops, tmp_path: Path) -> None:
    stranger = connect(str(tmp_path / "runs.db"), actor="nobody@example.test", now=stage.NOW)
    with pytest.raises(AccessDenied):
        stranger.incident_notebook(1, tmp_path / "none.ipynb")
    assert not (tmp_path / "none.ipynb").exists()
    stranger.close()
