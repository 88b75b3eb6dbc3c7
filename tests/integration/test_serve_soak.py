"""Page after page: kernels, what they hold, and the server's own memory stay as they were."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from opsnb import schema
from opsnb.database import Database
from opsnb.settings import Settings
from support.serving import OPSNB, Server, running, serving_notebooks, write_notebooks
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


COUNTING = """
import logging, signal
signal.signal(signal.SIGUSR1, lambda *_: print("loggers:", len(logging.root.manager.loggerDict), flush=True))
"""


def test_a_page_leaves_no_logger(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "runs.db"), Settings())
    schema.init(database)
    database.close()
    command = [sys.executable, "-c", COUNTING + OPSNB[-1], "serve", "--port=0", "--preheat=0", "--database=runs.db"]
    with running(tmp_path, [*command, "--actor=1"]) as server:
        visitor = Visitor(server)
        look(visitor, 2)  # what is logged for the first time
        before = loggers(server)
        look(visitor, 6)
        assert loggers(server) <= before + 2


def loggers(server: Server) -> int:
    """Give how many loggers the server's own process keeps."""
    answers = server.log.count("loggers:")
    server.process.send_signal(signal.SIGUSR1)
    end = time.monotonic() + 30
    while server.log.count("loggers:") == answers:
        assert time.monotonic() < end, "the server does not say how many loggers it has"
        time.sleep(0.05)
    return int(re.findall(r"loggers: (\d+)\n", server.log)[-1])


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
