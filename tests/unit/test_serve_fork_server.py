"""The process that kernels are forked from: it answers every request, and nothing that is sent to it ends it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from opsnb.serve.forked import can_fork
from opsnb.serve.forking import LONGEST

pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are not forked here")


class Forker:
    """A fork server in a process of its own, and the server's end of its socket."""

    def __init__(self, process: "subprocess.Popen[bytes]", channel: socket.socket, output: int) -> None:
        self.process, self._channel, self._output = process, channel, output

    def ask(self, message: bytes, *descriptors: int) -> dict[str, object]:
        socket.send_fds(self._channel, [message], [*descriptors])
        return json.loads(self._channel.recv(LONGEST))

    def fork(self, folder: Path) -> int:
        request = {"connection_file": str(folder / "kernel.json"), "cwd": str(folder)}
        answer = self.ask(json.dumps(request).encode(), self._output)
        assert "pid" in answer, answer
        return int(str(answer["pid"]))


@pytest.fixture(scope="module")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    folder = tmp_path_factory.mktemp("forker")
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(60)
    database = {"OPSNB_DATABASE_URL": f"sqlite:///{folder / 'runs.db'}", "JPY_PARENT_PID": str(os.getpid())}
    with (folder / "output").open("wb") as output, ours:
        command = [sys.executable, "-m", "opsnb.serve.fork_server", str(its.fileno())]
        with subprocess.Popen(command, env=os.environ | database, pass_fds=[its.fileno()], stdout=output,
                              stderr=output) as process:  # fmt: skip
            its.close()
            yield Forker(process, ours, output.fileno())
            ours.close()
            assert process.wait(20) == 0, (folder / "output").read_text()


NO_REQUESTS = {
    "no JSON": b"{",
    "no text": b"\xff\xfe",
    "a number": b"7",
    "a list": b"[]",
    "nothing in it": b"{}",
    "no folder": b'{"connection_file": "x"}',
    "other types": b'{"connection_file": 1, "cwd": {}}',
    "lists in lists": b"[" * (LONGEST - 1),
    "too long": b'{"connection_file": "' + b"x" * LONGEST + b'", "cwd": "/"}',
}


@pytest.mark.parametrize("name", NO_REQUESTS)
@pytest.mark.parametrize("descriptors", [0, 1, 3])
def test_what_is_no_request_gets_an_error_and_ends_nothing(
    forker: Forker, tmp_path: Path, name: str, descriptors: int
) -> None:
    kernel, process = psutil.Process(forker.fork(tmp_path)), psutil.Process(forker.process.pid)
    files = process.num_fds()
    assert "error" in forker.ask(NO_REQUESTS[name], *[0] * descriptors)
    assert kernel.is_running()
    assert process.num_fds() == files
    kernel.kill()


def test_a_request_without_a_place_to_write_to_gets_an_error(forker: Forker, tmp_path: Path) -> None:
    request = {"connection_file": str(tmp_path / "kernel.json"), "cwd": str(tmp_path)}
    assert "error" in forker.ask(json.dumps(request).encode())


def test_no_more_open_files_is_an_error_and_ends_nothing(forker: Forker, tmp_path: Path) -> None:
    kernel, process = psutil.Process(forker.fork(tmp_path)), psutil.Process(forker.process.pid)
    limits = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (3, limits[1]))
    request = {"connection_file": str(tmp_path / "kernel.json"), "cwd": str(tmp_path)}
    assert "error" in forker.ask(json.dumps(request).encode(), 0)
    process.rlimit(psutil.RLIMIT_NOFILE, limits)
    assert kernel.is_running()
    kernel.kill()
    psutil.Process(forker.fork(tmp_path)).kill()


def test_a_child_that_cannot_settle_ends_alone(forker: Forker, tmp_path: Path) -> None:
    psutil.Process(forker.fork(tmp_path / "missing")).wait(20)
    psutil.Process(forker.fork(tmp_path)).kill()
