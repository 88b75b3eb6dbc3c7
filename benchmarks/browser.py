"""A browser on the published pages of a history, and the floors that the same server publishes beside them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.bench import Bench
from benchmarks.cache import CLONE
from benchmarks.history import MANAGER, NOW
from opsnb.notebooks_path import notebooks_path

sys.path.insert(0, str(CLONE / "tests"))
from support.serving import Server, running, serving_notebooks, write_notebooks

LIST, EMPTY, BUTTON = "/system/ops/runs", "/system/ops/runbooks", "/system/ops/stuck"
NOTHING = "import ipywidgets\nipywidgets.HTML('<p class=empty>Nothing</p>')"
_COUNTER = """
import ipywidgets

def press(button):
    button.description = f"pressed {int(button.description.split()[1]) + 1}"

button = ipywidgets.Button(description="pressed 0")
button.on_click(press)
button
"""
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run"]  # fmt: skip
_VOILA = re.compile(r"(http://127\.0\.0\.1:\d+/)")
_WAITING = 2


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """Give a profile of a new browser."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        made = launched.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", timezone_id="UTC")
        made.set_default_timeout(120_000)  # milliseconds; whoever measures on a busy machine has to wait
        yield made
        launched.close()


@contextmanager
def published(bench: Bench, kind: str) -> Iterator[Server]:
    """Publish a history as `opsnb serve` does; an empty page and a bare Button stand at two of the addresses."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(notebooks_path(), folder / "notebooks", ignore=shutil.ignore_patterns("runbooks*", "stuck*"))
        notebooks = write_notebooks(folder / "notebooks", runbooks=NOTHING, stuck=_COUNTER)
        told = {"database": bench.url(kind), "preheat": _WAITING, "actor": MANAGER}
        with serving_notebooks(folder, notebooks, {"OPSNB_NOW": NOW.isoformat()}, **told) as server:
            yield server


@contextmanager
def plain_voila() -> Iterator[Server]:
    """Publish an empty page as Voila itself does, with kernels that wait, each having run it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        notebooks = write_notebooks(folder / "notebooks", empty=NOTHING)
        options = ["--no-browser", f"--port={_free_port()}", "--Voila.ip=127.0.0.1", "--preheat_kernel=True",
                   f"--pool_size={_WAITING}"]  # fmt: skip
        with running(
            folder, [sys.executable, "-m", "voila", str(notebooks / "empty.ipynb"), *options], _VOILA
        ) as server:
            yield server


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def settle(server: Server, open_: int = 0) -> None:
    """Wait until kernels wait beside those of open pages, and none of them is at work."""
    server.wait_for_kernels(_WAITING + open_, seconds=120)
    calm, last = 0, _cpu(server)
    while calm < 3:
        time.sleep(0.15)
        now = _cpu(server)
        calm = calm + 1 if now - last < 0.02 else 0
        last = now


def _cpu(server: Server) -> float:
    spent: Any = [each.cpu_times() for each in server.kernels()]
    return float(sum(each.user + each.system for each in spent))


def close(page: Page) -> None:
    """Close a page as a reader would, so that its kernel ends."""
    page.close(run_before_unload=True)
