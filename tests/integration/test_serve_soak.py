"""Page after page: kernels, what they hold, and the server's own memory stay as they were."""

import os
from pathlib import Path

import psutil
import pytest

from support.serving import Server, serving_notebooks, write_notebooks
from support.visitors import Visitor

SOAK = "OPSNB_TEST_SOAK" in os.environ
VIEWS = 500 if SOAK else 12
WARM_UP = 50 if SOAK else 4


@pytest.mark.timeout(3600 if SOAK else 400)
@pytest.mark.parametrize("waiting", [0, 1], ids=["cold", "preheated"])
def test_kernels_and_memory_stay_flat(tmp_path: Path, waiting: int) -> None:
    notebooks = write_notebooks(tmp_path / "notebooks", runs="1")
    with serving_notebooks(tmp_path, notebooks, preheat=waiting) as server:
        visitor = Visitor(server)
        look(visitor, WARM_UP)
        server.wait_for_kernels(waiting)
        before = held(server)
        look(visitor, VIEWS)
        server.wait_for_kernels(waiting)
        after = held(server)
    assert after["files"] <= before["files"] + 10
    assert after["threads"] <= before["threads"] + 4
    assert after["bytes"] <= before["bytes"] + 40 * 2**20
    assert len(visitor.cookies) <= 3


def look(visitor: Visitor, times: int) -> None:
    """Open pages one after the other, each closed as a browser does."""
    for _ in range(times):
        visitor.open()
        with visitor.channels():
            pass
        assert visitor.end() == 204


def held(server: Server) -> dict[str, int]:
    """Give what the server's own process holds."""
    process = psutil.Process(server.process.pid)
    return {"files": process.num_fds(), "threads": process.num_threads(), "bytes": process.memory_info().rss}
