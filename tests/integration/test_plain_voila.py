"""Plain Voila on a clone: the same look, and just as little to be done with it."""

import re
import shutil
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from opsnb import demo
from opsnb.database import Database
from opsnb.notebooks_path import CLONE
from opsnb.serve.app import TEMPLATE
from opsnb.settings import Settings
from support.serving import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("clone")
    shutil.copy(CLONE / "voila.json", folder)
    shutil.copytree(CLONE / "notebooks", folder / "notebooks")
    shutil.copytree(TEMPLATE, folder / "share" / "voila" / "templates" / "opsnb")  # as installing the package does
    database = Database(str(folder / "runs.db"), Settings())
    demo.prepare(database, datetime.now(UTC))
    database.close()
    told = {"OPSNB_DATABASE_URL": str(folder / "runs.db"), "OPSNB_ACTOR": "ada@contoso.example"}
    command = [sys.executable, "-m", "voila", "notebooks/", f"--port={_free_port()}", "--Voila.ip=127.0.0.1"]
    ready = re.compile(r"(http://127\.0\.0\.1:\d+)/")
    with running(folder, command, ready, JUPYTER_PATH=str(folder / "share"), **told) as started:
        yield started


def _free_port() -> int:  # Voila names the port it was asked for, so 0 would not tell
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def test_a_notebook_is_shown_in_our_look(server: Server) -> None:
    status, text, _ = server.get("/voila/render/runs.ipynb")
    assert status == 200
    assert "Loading operations…" in text
    assert "Console: Operations: 50 on this page" in text
    assert "import opsnb" not in text


@pytest.mark.parametrize(
    "path", ["/", "/voila/render/nothing.ipynb", "/voila/render/runs.ipynb?template=lab&theme=dark"]
)
def test_no_page_asks_another_host(server: Server, path: str) -> None:
    text = server.get(path)[1].replace("http://www.w3.org/2000/svg", "")
    assert "opsnb</title>" in text
    assert "https://" not in text
    assert "http://" not in text


@pytest.mark.parametrize("path", ["runs.ipynb", "runbooks/who-is-waiting.ipynb"])
def test_no_file_is_served(server: Server, path: str) -> None:
    assert server.get(f"/voila/files/{path}")[0] == 403
