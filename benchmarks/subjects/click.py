"""From a click to what it asks for on screen, against a bare Button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from playwright.sync_api import Page

from benchmarks.bench import KINDS, Bench
from benchmarks.browser import BUTTON, LIST, Server, chromium, close, published, settle
from benchmarks.rows import Row, at_most

TITLE = "from a click to what it asks for, laid out in Chromium, against a bare ipywidgets.Button"
ABOUT = """The Button is of a page of its own on the same server, and its kernel does no more than count. Clicks take
turns; each ends when what it asks for is in the document and laid out, before the next frame."""
ROUNDS, WARM = 25, 3
# Clicks what the first selector finds and gives the time until the second finds something visible, and another text.
_CLICK = """([target, wanted]) => new Promise((done) => {
    const look = () => [...document.querySelectorAll(wanted)].find((node) => node.checkVisibility())?.textContent;
    const before = look(), began = performance.now();
    const observer = new MutationObserver(() => {
        const now = look();
        if (now === undefined || now === before) return;
        observer.disconnect();
        document.body.getBoundingClientRect();
        done(performance.now() - began);
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    document.querySelector(target).click();
})"""
_ROW, _FACTS, _FIRST = "a.ops-row", "article dl dd", "tbody tr:first-child .ops-id"


def run(bench: Bench) -> Iterator[Row]:
    """Measure on both databases."""
    for kind in KINDS:
        with chromium() as context, published(bench, kind) as server:
            button = _opened(context.new_page(), server, BUTTON, 0)
            console = _opened(context.new_page(), server, LIST, 1)
            took = _turns({
                "button": lambda page=button: _click(page, ".jupyter-button", ".jupyter-button"),
                "detail": lambda page=console: _detail(page),
                "next": lambda page=console: _click(page, ".ops-pager button:last-of-type", _FIRST),
            })  # fmt: skip
            for page in (button, console):
                close(page)
        yield Row(
            f"{kind}.detail", f"{kind}, a row to its detail", took["detail"], "Button", took["button"], at_most(3)
        )
        yield Row(f"{kind}.next", f"{kind}, the next page", took["next"], "Button", took["button"], at_most(2))


def _opened(page: Page, server: Server, path: str, open_: int) -> Page:
    settle(server, open_)
    page.goto(server.root + path)
    page.locator(".jupyter-button, a.ops-row").first.wait_for()
    page.wait_for_timeout(2000)  # what is beside the rows comes after them
    return page


def _turns(clicks: dict[str, Callable[[], float]]) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in clicks}
    for number in range(ROUNDS + WARM):
        for name, click in clicks.items():
            once = click()
            if number >= WARM:
                took[name].append(once)
    return {name: median(times) for name, times in took.items()}


def _click(page: Page, target: str, wanted: str) -> float:
    took: Any = page.evaluate(_CLICK, [target, wanted])
    page.wait_for_timeout(150)  # counts and panels follow
    return float(took)


def _detail(page: Page) -> float:
    took = _click(page, _ROW, _FACTS)
    page.keyboard.press("Escape")
    page.locator(_ROW).first.wait_for()
    page.wait_for_timeout(150)
    return took
