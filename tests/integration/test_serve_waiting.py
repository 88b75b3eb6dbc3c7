"""Kernels that wait for pages: whatever becomes of one while it waits, no page is the worse for it."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from opsnb.serve.forked import can_fork
from support.serving import Server, serving_notebooks, write_notebooks
from support.visitors import Visitor
from support.workers import eventually

FAILED = "This page could not be shown; the reason is in the server"
IDLE = 4  # seconds for which the kernel of a page may be idle here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where one kernel waits."""
    folder = tmp_path_factory.mktemp("server")
    notebooks = write_notebooks(folder / "notebooks", runs="print('<<here>>')", stuck="import time; time.sleep(100)")
    culling = {"cull_idle_timeout": IDLE, "cull_interval": 1}
    with serving_notebooks(folder, notebooks, preheat=1, culling=culling) as running:
        yield running


def waiting(server: Server) -> psutil.Process:
    """Give the one kernel that runs, once it waits."""
    eventually(lambda: "have not started" not in server.get("/readyz")[1], 60)
    server.wait_for_kernels(1, 60)
    return server.kernels()[0]


def test_a_kernel_that_died_as_it_waited_is_given_to_no_page_and_replaced(server: Server) -> None:
    waiting(server).kill()
    visitor = Visitor(server)
    assert visitor.said() == "here"
    assert "a kernel has died" in server.log
    visitor.end()
    eventually(lambda: len(server.kernels()) == 1, 60)
    server.kernels()[0].kill()  # though no page asks for it, and maybe before it waits
    eventually(lambda: not server.kernels())
    server.wait_for_kernels(1, 60)
    assert "Traceback" not in server.log


def test_a_page_may_use_a_kernel_that_has_waited_for_long_and_is_slow_to_answer(server: Server) -> None:
    kernel = waiting(server)
    time.sleep(IDLE + 1)
    kernel.send_signal(signal.SIGSTOP)
    visitor = Visitor(server)
    with ThreadPoolExecutor(1) as other:
        page = other.submit(visitor.said)
        time.sleep(IDLE / 2)
        kernel.send_signal(signal.SIGCONT)
        assert page.result() == "here"
    visitor.end()  # or the next test takes the kernel of this page for the one that waits


def test_a_kernel_that_dies_under_its_page_is_told_in_one_sentence(server: Server) -> None:
    kernel = waiting(server)
    with ThreadPoolExecutor(1) as other:
        page = other.submit(server.get, "/system/ops/stuck")
        time.sleep(1)
        kernel.kill()
        text = page.result()[1]
    assert FAILED in text
    assert "An exception occurred" not in text
    server.wait_for_kernels(1, 60)


@pytest.mark.skipif(not can_fork(), reason="kernels are not forked here")
def test_where_the_process_that_forks_was_killed_the_next_page_starts_another(server: Server) -> None:
    kernel = waiting(server)
    server.fork_server().kill()
    kernel.wait(10)  # which ends a moment after
    visitor = Visitor(server)
    assert visitor.said() == "here"
    assert server.fork_server().num_threads() == 1  # a fork of more would be none of the others
    visitor.end()
    server.wait_for_kernels(1, 60)
