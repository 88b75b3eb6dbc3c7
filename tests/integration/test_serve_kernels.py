"""Kernels: what a browser may ask of them, and when they end; started for a page, or waiting for one."""

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.serving import Server, connection_file, serving_notebooks, stop, survivors, write_notebooks
from support.visitors import Visitor
from support.workers import eventually


@pytest.fixture(scope="module", params=[0, 1], ids=["started", "forked"])
def waiting(request: pytest.FixtureRequest) -> int:
    """How many kernels wait for pages: none where each is started for its page, as on systems that do not fork."""
    return int(request.param)


@contextlib.contextmanager
def busy_server(folder: Path, waiting: int) -> Iterator[Server]:
    mark = "open('busy', 'w').close()\n"
    busy = {
        "stuck": f"{mark}import time; time.sleep(100)",
        "failures": f"{mark}import re; re.match('(a+)+$', 'a' * 99 + 'b')",
    }
    notebooks = write_notebooks(folder / "notebooks", runs="1", **busy)
    with serving_notebooks(folder, notebooks, preheat=waiting, forks=bool(waiting)) as running:
        running.wait_for_kernels(waiting)
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, waiting: int) -> Iterator[Server]:
    with busy_server(tmp_path_factory.mktemp("server"), waiting) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path, waiting: int) -> Iterator[Server]:
    """A server for a test that ends it."""
    with busy_server(tmp_path, waiting) as running:
        yield running


def test_a_kernel_ends_only_by_the_cookie_of_its_page(server: Server, waiting: int) -> None:
    visitor = Visitor(server)
    visitor.open()
    server.wait_for_kernels(1 + waiting)
    kernel = visitor.kernel
    assert visitor.get(f"/api/kernels/{kernel}", "DELETE")[0] in (403, 405)
    assert visitor.get(f"/voila/api/shutdown/{kernel}", "POST")[0] == 403
    assert visitor.model() == 200
    assert visitor.end() == 204
    server.wait_for_kernels(waiting)
    assert visitor.model() == 404


def test_a_reader_who_left_while_the_page_was_made_leaves_no_kernel(server: Server, waiting: int) -> None:
    with asking(server):
        server.wait_for_kernels(1 + waiting)
    server.wait_for_kernels(waiting)


def test_readers_who_leave_at_once_leave_no_kernel(server: Server, waiting: int) -> None:
    place = urlsplit(server.home)
    for _ in range(3):
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.sendall(b"GET /system/ops/runs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    visitor = Visitor(server)
    visitor.open()  # what the three set off has begun by then
    server.wait_for_kernels(1 + waiting, 60)
    visitor.end()


@contextlib.contextmanager
def asking(server: Server, page: str = "stuck") -> Iterator[None]:
    """Ask for a page that never ends, until the end of the block."""
    host, mark = urlsplit(server.home), server.folder / "notebooks" / "busy"
    mark.unlink(missing_ok=True)
    with socket.create_connection((host.hostname, host.port)) as connection:
        connection.sendall(f"GET /system/ops/{page} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        while not mark.exists():
            time.sleep(0.05)
        yield


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_every_kernel_in_five_seconds(own: Server, number: int) -> None:
    own.get("/system/ops/runs")
    with asking(own):
        kernels = own.kernels()
        assert len(kernels) >= 2
        assert stop(own.process, number) < 5
    assert own.process.returncode == 0, own.log
    assert survivors(kernels, 1) == []
    assert "Traceback" not in own.log
    assert "without encryption" not in own.log


def test_kernels_end_with_a_server_that_was_killed_and_the_next_one_tidies_up(
    own: Server, waiting: int, tmp_path: Path
) -> None:
    with asking(own, "failures"):  # whose kernel lets no other thread of its own look after the server
        own.wait_for_kernels(1 + waiting)
        kernels = own.kernels()
        eventually(lambda: all(map(connection_file, kernels)))
        files = {file for kernel in kernels if (file := connection_file(kernel))}
        assert len(files) == 1 + waiting
        own.process.kill()
        assert survivors(kernels, 5) == []
    left = {file.parents[1] for file in files}
    assert all(file.exists() for file in files)
    with serving_notebooks(tmp_path, tmp_path / "notebooks") as second:
        assert [folder for folder in left if folder.exists()] == []
        Visitor(second).open()
        second.wait_for_kernels(1)
        [kernel] = second.kernels()
        with serving_notebooks(tmp_path, tmp_path / "notebooks"):
            file = connection_file(kernel)
            assert file is not None
            assert file.exists()
    assert not file.parents[1].exists()
