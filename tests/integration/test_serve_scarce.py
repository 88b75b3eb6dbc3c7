"""A machine without processes or disk space: who asks for a page is told to ask again; every open page stays."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from opsnb import schema
from opsnb.database import Database
from opsnb.serve.folder import PREFIX
from opsnb.serve.forked import can_fork
from opsnb.settings import Settings
from support.serving import OPSNB, Server, running, survivors
from support.visitors import Visitor

# The operating system does not limit the processes of root, who is nobody here: but one who reaches the same files.
_DAC = "-all,+dac_override"
AS_NOBODY = ["setpriv", "--reuid=65534", "--clear-groups", f"--inh-caps={_DAC}", f"--ambient-caps={_DAC}", "--"]
AS_USER = AS_NOBODY if os.getuid() == 0 else []

pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are not forked here")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of an ordinary user."""
    database = Database(str(tmp_path / "runs.db"), Settings())
    schema.init(database)
    database.close()
    command = [*OPSNB, "serve", "--port=0", "--preheat=0", "--database=runs.db", "--actor=1"]
    with running(tmp_path, AS_USER + command) as started:
        yield started


@contextmanager
def limited(process: psutil.Process, resource: str, most: int) -> Iterator[None]:
    """Let a process of the server's user have no more than that; what the system itself forbids is not lifted."""
    found = Path(f"/proc/{process.pid}/limits").read_text()
    before = re.findall(rf"^Max {'open files' if resource == 'nofile' else 'processes'} +(\w+)", found, re.MULTILINE)[0]
    for soft in (most, before):
        subprocess.run([*AS_USER, "prlimit", f"--pid={process.pid}", f"--{resource}={soft}:"], check=True)
        if soft is most:
            yield


@pytest.mark.parametrize(("resource", "most"), [("nproc", 0), ("nofile", 3)])
def test_a_fork_that_fails_ends_no_page(server: Server, resource: str, most: int) -> None:
    visitor, newcomer = Visitor(server), Visitor(server)
    visitor.open()
    process, kernels = server.fork_server(), server.kernels()
    with limited(process, resource, most):
        for _ in range(3):
            status, text, headers = newcomer.get("/system/ops/runs")
            assert status == 503
            assert headers["Retry-After"] in text
            assert "could not start your page at this moment" in text
        assert survivors(kernels, 0) == kernels
    assert visitor.model() == 200
    newcomer.open()
    assert server.fork_server() == process
    assert server.log.count("No process for a kernel was started") == 3
    assert "Traceback" not in server.log
    assert visitor.end() == newcomer.end() == 204


def test_a_kernel_without_a_connection_file_is_a_page_that_asks_again(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "runs.db"), Settings())
    schema.init(database)
    database.close()
    (tmp_path / "tmp").mkdir()
    command = [*OPSNB, "serve", "--port=0", "--preheat=0", "--database=runs.db", "--actor=1"]
    with running(tmp_path, command, TMPDIR=str(tmp_path / "tmp")) as server:
        visitor = Visitor(server)
        visitor.open()
        [folder] = (tmp_path / "tmp").glob(f"{PREFIX}*")
        folder.rename(tmp_path / "aside")
        folder.touch()  # nothing can be written below a file, as nothing can on a full disk
        for _ in range(2):
            status, text, headers = Visitor(server).get("/system/ops/runs")
            assert (status, headers["Retry-After"] in text) == (503, True)
            assert "could not start your page at this moment" in text
        assert visitor.model() == 200
        folder.unlink()
        (tmp_path / "aside").rename(folder)
        Visitor(server).open()
        assert server.log.count("The connection file of a kernel was not written") == 2
        assert "Traceback" not in server.log
