"""What a kernel knows of the page it serves."""

import subprocess
import sys

import pytest

from opsnb import visit
from opsnb.errors import AccessDenied
from opsnb.place import BASE


@pytest.fixture(autouse=True)
def _nobody_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "_begun", [])


def test_a_notebook_has_no_visit() -> None:
    assert visit.current() is None


def test_a_published_page_that_was_not_told_has_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE, "")
    monkeypatch.setenv("SCRIPT_NAME", "/system/ops/runs")
    with pytest.raises(AccessDenied, match="not told who looks at it"):
        visit.current()


def test_a_visit_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE, "/team")
    visit.begin("/team/system/ops/runs", "a=1", "ada")
    with pytest.raises(AccessDenied):
        visit.begin("/team/system/ops/runs", "", "eve")
    assert visit.current() == visit.Visit("/system/ops/runs", "a=1", "ada", "/team")


def test_nobody_cannot_begin_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE, "")
    with pytest.raises(AccessDenied):
        visit.begin("/system/ops/runs", "", "")


def test_plain_voila_tells_the_address_and_verifies_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    monkeypatch.setenv("SCRIPT_NAME", "/voila/render/runs.ipynb")
    monkeypatch.setenv("QUERY_STRING", "a=1")
    assert visit.current() == visit.Visit("/voila/render/runs.ipynb", "a=1")


def test_a_waiting_kernel_loads_neither_voila_nor_pandas_and_connects_to_nothing() -> None:
    code = """
import sys, socket, sqlite3
def refuse(*_, **__): raise AssertionError("connected")
socket.socket.connect = sqlite3.connect = refuse
from opsnb.serve import warm
warm.load()
print(*{name.partition(".")[0] for name in sys.modules})
"""
    environment = {"OPSNB_DATABASE_URL": "postgresql://nobody@192.0.2.1/none", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    loaded = set(done.stdout.split())
    assert {"anywidget", "psycopg"} <= loaded, done.stderr
    assert {"voila", "pandas", "numpy", "tornado", "jupyter_server"} & loaded == set()
