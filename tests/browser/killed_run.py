"""A run of pytest that has started everything a test may start, and waits to be killed; see test_killed_run.py."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from consoles import VIEWER, open_page
from support.postgres import PostgresServer
from support.serving import Server

READY = "OPSNB_TEST_READY"  # names the file to make once everything runs


def test_everything_runs(
    page: Page, serve: Callable[..., Server], jupyterlab: Server, postgres: PostgresServer, sqlite_url: str
) -> None:
    open_page(page, serve(f"--database={sqlite_url}", f"--actor={VIEWER}", "--preheat=1"))
    assert jupyterlab.get("/api/kernels", "POST")[0] == 201
    Path(os.environ[READY]).touch()
    time.sleep(600)
