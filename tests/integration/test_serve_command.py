"""What the commands say and do around the server."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsnb.cli import main
from opsnb.cli.lab import working_folder
from opsnb.errors import BadInput
from opsnb.notebooks_path import notebooks_path
from opsnb.serve.routes import read_base_url
from support.serving import OPSNB, environment, serving

LAB = sys.modules["opsnb.cli.lab"]  # the package's attribute of that name is the command


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*OPSNB, *words], cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path, taken: int) -> None:
    done = run(tmp_path, "serve", f"--port={taken}")
    assert done.returncode == 1
    assert done.stderr == f"Error: Port {taken} is taken; choose another with --port (make demo PORT=…).\n"


def test_a_demo_whose_port_is_taken_leaves_the_demo_as_it_is(tmp_path: Path, taken: int) -> None:
    database = tmp_path / "demo.db"
    assert run(tmp_path, "demo", f"--database={database}", "--no-serve").returncode == 0
    before = database.read_bytes()
    done = run(tmp_path, "demo", f"--database={database}", f"--port={taken}")
    assert done.stderr == f"Error: Port {taken} is taken; choose another with --port (make demo PORT=…).\n"
    assert database.read_bytes() == before


def test_an_address_that_is_not_ours_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", "--ip=192.0.2.1", "--port=0")
    assert (done.returncode, done.stderr) == (
        1,
        "Error: This machine has no address 192.0.2.1; name another with --ip.\n",
    )


@pytest.mark.parametrize(
    ("text", "url"), [("/", "/"), ("/a", "/a/"), ("/a/b-c/", "/a/b-c/"), ("/~ada/ops", "/~ada/ops/")]
)
def test_a_base_url_is_a_plain_path(text: str, url: str) -> None:
    assert read_base_url(text) == url


@pytest.mark.parametrize("text", ["", "a", "//host", "/a b", "/a?b", "/a//b", "http://host/", "/(a)", "/\n"])
def test_a_base_url_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--base-url must be a plain path"):
        read_base_url(text)


def test_the_server_says_where_it_is_and_little_else(tmp_path: Path) -> None:
    with serving(tmp_path, "--log-format=text") as server:
        assert server.get("/system/ops/runs")[0] == 200
        assert server.get("/voila/static/voila.js")[0] == 200
    first, *more = server.log.splitlines()
    assert first == f"opsnb is at {server.home} — Ctrl-C stops it"
    [page] = [line for line in more if "opsnb.access" in line]
    assert re.fullmatch(
        r"[\d-]{10} [\d:,]{12} INFO    opsnb.access: request method=GET route=/system/ops/runs status=200"
        r" duration_ms=[\d.]+ user=\S+ request_id=\w+",
        page,
    )


def test_the_demo_is_made_and_says_how_to_go_on(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--database=demo.db", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert "opsnb lab --database demo.db --actor ada@contoso.example" in done.stdout
    assert (tmp_path / "demo.db").is_file()


def test_other_commands_do_not_load_the_server(tmp_path: Path) -> None:
    code = "import sys, opsnb.cli; sys.exit(any(name in sys.modules for name in ('voila', 'tornado', 'pandas')))"
    assert subprocess.run([OPSNB[0], "-c", code], cwd=tmp_path, timeout=60, check=False).returncode == 0


def test_lab_without_jupyterlab_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LAB, "find_spec", lambda name: None)
    done = CliRunner().invoke(main, ["lab"])
    assert (done.exit_code, done.output) == (1, "Error: JupyterLab is not installed; run: pip install 'opsnb[lab]'\n")


def test_lab_opens_the_notebooks_on_the_same_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda path, words, env: called.append((words, env)))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["lab", "--database=runs.db", "--actor=ada", "--port=8899", "--no-browser"])
    assert done.exit_code == 0, done.output
    [(words, env)] = called
    assert words[1:4] == ["-m", "jupyterlab", str(notebooks_path())]
    assert {"--port=8899", "--no-browser"} < set(words)
    assert (env["OPSNB_DATABASE_URL"], env["OPSNB_ACTOR"]) == (f"sqlite:///{tmp_path}/runs.db", "ada")
    assert "OPSNB_READ_ONLY" not in env


def test_an_installed_lab_works_on_a_copy_that_stays_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(LAB, "in_clone", lambda: False)
    folder = working_folder(tmp_path)
    assert folder == tmp_path / "opsnb-notebooks"
    (folder / "runs.ipynb").write_text("mine")
    assert (working_folder(tmp_path) / "runs.ipynb").read_text() == "mine"
