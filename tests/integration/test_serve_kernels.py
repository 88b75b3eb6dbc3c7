"""Kernels: what a browser may ask of them, and when they end."""

import contextlib
import json
import re
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from support.serving import Server, serving_notebooks, stop, write_notebooks


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    busy = "import time\nopen('busy', 'w').close()\ntime.sleep(100)"
    notebooks = write_notebooks(tmp_path / "notebooks", runs="1", stuck=busy)
    with serving_notebooks(tmp_path, notebooks) as running:
        yield running


def kernel_of(page: str) -> str:
    found = re.search(r'"kernelId": "([\w-]+)"', page)
    assert found
    return found[1]


def channels(server: Server, kernel: str, **options: str) -> ClientConnection:
    return connect(f"ws{server.root.removeprefix('http')}/api/kernels/{kernel}/channels", **options)


def message(kind: str, **content: object) -> str:
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "session": "s",
        "username": "u",
        "version": "5.3",
        "date": "",
    }
    return json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})


def test_a_browser_cannot_execute_code(server: Server, tmp_path: Path) -> None:
    kernel = kernel_of(server.get("/system/ops/runs")[1])
    mark = tmp_path / "executed"
    with channels(server, kernel) as channel:
        channel.send(message("execute_request", code=f"open({str(mark)!r}, 'w')", silent=False, store_history=False,
                            user_expressions={}, allow_stdin=False))  # fmt: skip
        channel.send(message("comm_info_request"))
        kinds: list[str] = []
        while "comm_info_reply" not in kinds:
            kinds.append(json.loads(channel.recv(timeout=20))["header"]["msg_type"])
    assert "execute_reply" not in kinds
    assert not mark.exists()


def test_another_site_cannot_reach_a_kernel(server: Server) -> None:
    kernel = kernel_of(server.get("/system/ops/runs")[1])
    with pytest.raises(InvalidStatus, match="403"), channels(server, kernel, origin="http://evil.example"):
        pass


def test_a_kernel_ends_only_by_the_cookie_of_its_page(server: Server) -> None:
    _, page, headers = server.get("/system/ops/runs")
    kernel = kernel_of(page)
    assert server.get(f"/api/kernels/{kernel}", "DELETE")[0] in (403, 405)
    assert server.get(f"/voila/api/shutdown/{kernel}", "POST")[0] == 403
    server.wait_for_kernels(1)
    token = "".join(re.findall("_xsrf=([^;]*)", " ".join(headers.get_all("Set-Cookie", []))))
    told = {"Cookie": f"_xsrf={token}", "X-XSRFToken": token}
    assert server.get(f"/voila/api/shutdown/{kernel}", "POST", **told)[0] == 204
    server.wait_for_kernels(0)


def test_a_reader_who_left_while_the_page_was_made_leaves_no_kernel(server: Server, tmp_path: Path) -> None:
    with asking(server, tmp_path):
        server.wait_for_kernels(1)
    server.wait_for_kernels(0)


@contextlib.contextmanager
def asking(server: Server, folder: Path) -> Iterator[None]:
    """Ask for the page that never ends, until the end of the block."""
    host = urlsplit(server.home)
    with socket.create_connection((host.hostname, host.port)) as connection:
        connection.sendall(b"GET /system/ops/stuck HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while not (folder / "notebooks" / "busy").exists():
            time.sleep(0.05)
        yield


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_every_kernel_in_five_seconds(server: Server, tmp_path: Path, number: int) -> None:
    server.get("/system/ops/runs")
    with asking(server, tmp_path):
        kernels = server.kernels()
        assert len(kernels) == 2
        assert stop(server.process, number) < 5
    assert server.process.returncode == 0
    assert psutil.wait_procs(kernels, timeout=1)[1] == []
    assert "Traceback" not in server.log


def test_kernels_end_with_a_server_that_was_killed(server: Server) -> None:
    server.get("/system/ops/runs")
    kernels = server.kernels()
    server.process.kill()
    assert psutil.wait_procs(kernels, timeout=15)[1] == []
