"""Connections that send too much, or what is no message, or that do not read: the server ends them and goes on."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from support.serving import Server, serving_notebooks, write_notebooks

NEWER = "v1.kernel.websocket.jupyter.org"
FLOOD = """
import threading, time
from pathlib import Path
from IPython.display import display

def flood():
    while not Path("go").exists():
        time.sleep(0.05)
    while True:
        display({"text/plain": "x" * 2**16}, raw=True)
        time.sleep(0.002)

threading.Thread(target=flood, daemon=True).start()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving_notebooks(folder, write_notebooks(folder / "notebooks", runs="1", stuck=FLOOD)) as running:
        yield running


@contextlib.contextmanager
def channel(server: Server, *protocols: str, page: str = "runs", **options: object) -> Iterator[ClientConnection]:
    """Open the channel of a new page, as the page does."""
    _, text, headers = server.get(f"/system/ops/{page}")
    kernel = re.search(r'"kernelId": "([\w-]+)"', text)
    assert kernel
    cookies = re.findall(r"([\w-]+=[^;]*);", " ".join(f"{one};" for one in headers.get_all("Set-Cookie", [])))
    address = f"ws{server.root.removeprefix('http')}/api/kernels/{kernel[1]}/channels"
    wanted = [Subprotocol(name) for name in protocols] or None
    sent = {"Cookie": "; ".join(cookies)}
    with connect(address, subprotocols=wanted, additional_headers=sent, **options) as opened:
        yield opened


def read(opened: ClientConnection) -> None:
    for _ in range(100):
        opened.recv(timeout=20)


def code_of_end(opened: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        read(opened)
    assert closed.value.rcvd
    return closed.value.rcvd.code


def test_a_message_that_is_too_big_ends_its_connection(server: Server) -> None:
    with channel(server) as opened:
        opened.send("x" * 300_000)
        assert code_of_end(opened) == 1009


@pytest.mark.parametrize(
    ("protocols", "message"),
    [
        ([NEWER], (2**62).to_bytes(8, "little") + bytes(64)),
        ([], (2**31 - 1).to_bytes(4, "big") + bytes(64)),
        ([], (2**32 - 1).to_bytes(4, "big") + bytes(64)),
        ([NEWER], b""),
    ],
)
def test_a_message_that_says_to_have_more_parts_than_it_has_room_for_is_not_counted(
    server: Server, protocols: list[str], message: bytes
) -> None:
    before = psutil.Process(server.process.pid).memory_info().rss
    with channel(server, *protocols) as opened:
        opened.send(message)
        assert code_of_end(opened) == 1007
    assert server.get("/healthz")[0] == 200
    assert psutil.Process(server.process.pid).memory_info().rss - before < 50 * 2**20


def test_a_browser_that_does_not_read_does_not_fill_the_memory(server: Server, folder: Path) -> None:
    before = psutil.Process(server.process.pid).memory_info().rss
    with channel(server, page="stuck", max_queue=1, compression=None):
        kernels = len(server.kernels())
        (folder / "notebooks" / "go").touch()
        end = time.monotonic() + 60
        while "does not read" not in server.log:
            assert time.monotonic() < end
            time.sleep(0.1)
        server.wait_for_kernels(kernels - 1)
        assert psutil.Process(server.process.pid).memory_info().rss - before < 150 * 2**20
    (folder / "notebooks" / "go").unlink()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n",
        b"POST /voila/api/shutdown/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
    ],
)
def test_a_request_that_is_too_big_is_not_read_to_its_end(server: Server, sent: bytes) -> None:
    host = urlsplit(server.home)
    with socket.create_connection((host.hostname, host.port), timeout=20) as connection:
        connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            answer = connection.recv(1000)
            assert answer == b"" or answer.split()[1] in (b"400", b"413", b"431")
            assert connection.recv(1000) == b""
    assert server.get("/healthz")[0] == 200
