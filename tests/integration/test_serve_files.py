"""Open files: the server raises its limit, keeps to it, and nobody takes from others what there is."""

import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import InvalidStatus

from opsnb import schema
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.serve.open_files import connections, limit_kernels, needed
from opsnb.settings import Settings
from support.hostile import connected, received
from support.serving import OPSNB, Server, environment, running
from support.visitors import Visitor
from support.workers import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prlimit(1) is there on Linux alone")
LOG = 200_000  # bytes that an attack may add to the log


def command(folder: Path, soft: int, hard: int, *options: str, prologue: str = "") -> list[str]:
    database = Database(str(folder / "runs.db"), Settings())
    schema.init(database)
    database.close()
    opsnb = [
        *OPSNB[:2],
        f"{prologue}\n{OPSNB[2]}",
        "serve",
        "--port=0",
        "--database=runs.db",
        "--actor=1",
        "--preheat=0",
    ]
    return ["prlimit", f"--nofile={soft}:{hard}", "--", *opsnb, *options]


def serve(folder: Path, soft: int, hard: int, *options: str, prologue: str = "") -> AbstractContextManager[Server]:
    return running(folder, command(folder, soft, hard, *options, prologue=prologue))


def opened(server: Server, number: int, stack: ExitStack) -> list[socket.socket]:
    """Open connections that ask for nothing."""
    return [stack.enter_context(connected(server)) for _ in range(number)]


@contextmanager
def others_are_served(server: Server, *visitors: Visitor) -> Iterator[None]:
    """See to it that everybody else gets pages, before and after, and that the log stays short."""
    before = len(server.log)
    yield
    assert server.get("/readyz")[0] == 200
    newcomer = Visitor(server)
    newcomer.open()
    with newcomer.channels():
        pass
    assert newcomer.end() == 204
    assert [visitor.model() for visitor in visitors] == [200] * len(visitors)
    assert len(server.log) - before < LOG


def test_the_soft_limit_is_raised_to_the_hard_one(tmp_path: Path) -> None:
    hard = min(3000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    with serve(tmp_path, 256, hard) as server:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        assert re.findall(r"^Max open files +(\d+) +(\d+)", limits, re.MULTILINE) == [(str(hard), str(hard))]


def test_more_kernels_than_the_files_suffice_for_are_refused_in_a_sentence(tmp_path: Path) -> None:
    asked = command(tmp_path, 256, 1024, "--max-kernels=100")
    ended = subprocess.run(asked, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "--max-kernels 100 needs 3200 open files, and this process may open 1024" in ended.stderr
    assert "or set --max-kernels to 27 or less." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_idle_connections_of_nobody_keep_nobody_out(tmp_path: Path) -> None:
    with serve(tmp_path, 1024, 1024, "--max-kernels=20") as server, ExitStack() as stack:
        visitor = Visitor(server)
        visitor.open()
        stack.enter_context(visitor.channels())
        with others_are_served(server, visitor):
            for connection in opened(server, 1050, stack)[::2]:
                connection.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx")
            time.sleep(1)
        assert psutil.Process(server.process.pid).num_fds() < 1000


def test_the_address_with_most_connections_loses_them_first(tmp_path: Path) -> None:
    place = "127.0.0.2"  # another address of this machine
    with serve(tmp_path, 1024, 1024, "--max-kernels=20") as server, ExitStack() as stack:
        first, port = stack.enter_context(connected(server)), int(server.root.rpartition(":")[2])
        for _ in range(connections(1024, 20) + 50):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(place, 0)))
        first.settimeout(30)
        first.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in received(first)


def test_one_page_has_few_channels(tmp_path: Path) -> None:
    with serve(tmp_path, 1024, 1024, "--max-kernels=20") as server, ExitStack() as stack:
        visitor, other = Visitor(server), Visitor(server)
        visitor.open()
        other.open()
        refused: list[int] = []
        with others_are_served(server, other):
            for _ in range(109):
                try:
                    stack.enter_context(visitor.channels())
                except InvalidStatus as error:
                    refused.append(error.response.status_code)
            assert refused == [429] * 105
        stack.close()
        eventually(lambda: _connects(visitor))


def _connects(visitor: Visitor) -> bool:
    with suppress(InvalidStatus), visitor.channels():
        return True
    return False


def test_a_page_costs_few_files(tmp_path: Path) -> None:
    with serve(tmp_path, 1024, 1024, "--max-kernels=20") as server, ExitStack() as stack:
        process = psutil.Process(server.process.pid)

        def look() -> int:
            visitor = Visitor(server)
            visitor.open()
            stack.enter_context(visitor.channels())
            time.sleep(1)
            return process.num_fds()

        first = look()
        assert max(look() for _ in range(4)) <= first + 4 * 11


def test_where_no_file_can_be_opened_connections_are_ended_and_the_log_says_it_once(tmp_path: Path) -> None:
    with serve(tmp_path, 1024, 1024, "--max-kernels=20") as server, ExitStack() as stack:
        assert server.get("/readyz")[0] == 200
        process = psutil.Process(server.process.pid)
        began, log = sum(process.cpu_times()[:2]), len(server.log)
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 5, 1024))
        for connection in opened(server, 40, stack)[10:]:
            connection.settimeout(10)
            assert received(connection) == b""
        time.sleep(2)
        process.rlimit(psutil.RLIMIT_NOFILE, (1024, 1024))
        assert server.log.count("no connection can be accepted: Too many open files") == 1
        assert len(server.log) - log < 1000
        assert sum(process.cpu_times()[:2]) - began < 1
        stack.close()
        visitor = Visitor(server)
        visitor.open()
        assert visitor.end() == 204


def test_a_connection_without_a_request_is_ended(tmp_path: Path) -> None:
    prologue = "import opsnb.serve.wire as wire\nwire._BOUNDS['idle_connection_timeout'] = 2"
    with serve(tmp_path, 1024, 1024, "--max-kernels=20", prologue=prologue) as server, connected(server) as connection:
        connection.settimeout(30)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert received(connection) == b""


@pytest.mark.parametrize(
    ("files", "wanted", "kernels"), [(230, 1, 1), (1024, 27, 27), (1024, None, 27), (65_536, None, 64)]
)
def test_files_limit_the_kernels(files: int, wanted: int | None, kernels: int) -> None:
    assert limit_kernels(files, wanted, 64) == kernels
    assert needed(kernels) <= files
    assert connections(files, kernels) >= 100 + 8 * kernels
    assert connections(files, kernels) + 22 * kernels + 100 <= files


@pytest.mark.parametrize(("files", "wanted"), [(229, None), (1024, 28)])
def test_too_few_files_are_said(files: int, wanted: int | None) -> None:
    with pytest.raises(BadInput, match=f"may open {files}"):
        limit_kernels(files, wanted, 64)
