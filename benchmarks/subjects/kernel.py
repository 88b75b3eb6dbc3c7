"""The memory of a viewer's kernel, against that of an empty page."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
from playwright.sync_api import BrowserContext

from benchmarks.bench import KINDS, Bench
from benchmarks.browser import LIST, Server, chromium, close, plain_voila, published, settle
from benchmarks.rows import Row, at_most

TITLE = "memory of a viewer's kernel, once the list and ten operations have been looked at"
ABOUT = """The empty kernel is that of a page of Voila as it is installed, which holds one `ipywidgets.HTML`. "Of its
own" is what ends with the process (USS); the other figure adds its share of what several processes use (PSS)."""
_OPENED = 10


def run(bench: Bench) -> Iterator[Row]:
    """Measure on both databases."""
    with chromium() as context, plain_voila() as voila:
        empty = _empty(context, voila)
        for kind in KINDS:
            with published(bench, kind) as server:
                viewer = _viewer(context, server)
            for at, (name, told) in enumerate((("uss", "of its own"), ("pss", "and its share"))):
                yield Row(f"{kind}.{name}", f"{kind} viewer, {told}", viewer[at], "an empty kernel", empty[at],
                          at_most(1.4) if name == "uss" else None, "MB")  # fmt: skip


def _empty(context: BrowserContext, server: Server) -> tuple[float, float]:
    settle(server)
    page = context.new_page()
    before = {kernel.pid for kernel in server.kernels()}
    page.goto(server.home)
    page.locator("p.empty").wait_for()
    page.wait_for_timeout(1000)
    found = [_weigh(kernel) for kernel in server.kernels() if kernel.pid in before]
    close(page)
    return max(found)


def _viewer(context: BrowserContext, server: Server) -> tuple[float, float]:
    settle(server)
    kernel = server.kernels()[0]  # the oldest waits for the first page
    page = context.new_page()
    page.goto(server.root + LIST)
    for number in range(_OPENED):
        page.locator("a.ops-row:visible").nth(number).click()
        page.locator("article dl:visible").first.wait_for()
        page.wait_for_timeout(300)
        page.keyboard.press("Escape")
    page.locator("a.ops-row:visible").first.wait_for()
    page.wait_for_timeout(2000)
    if any("pandas" in part.path for part in kernel.memory_maps()):
        raise AssertionError("pandas was imported before anybody asked for a DataFrame")
    found = _weigh(kernel)
    close(page)
    return found


def _weigh(process: psutil.Process) -> tuple[float, float]:
    told = process.memory_full_info()
    return told.uss / 2**20, getattr(told, "pss", 0) / 2**20
