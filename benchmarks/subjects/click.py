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
turns; each ends when what it asks for is in the document and laid out, before the next frame. The first row of a page
has the cursor, so that its detail is read ahead; another row is pressed for 80 ms before it is clicked, as by a hand;
and one is clicked out of nowhere."""
ROUNDS, WARM = 25, 3
ROWS = (
    ("detail", "the row with the cursor to its detail", 3),
    ("pressed", "a pressed row to its detail", 3),
    ("unforeseen", "any row to its detail", 3),
    ("next", "the next page", 2),
)
# Gives the time from a click until a selector finds something visible, and another text.
_TIMED = """(wanted) => { window.benchTook = new Promise((done) => {
    const look = () => [...document.querySelectorAll(wanted)].find((node) => node.checkVisibility())?.textContent;
    const before = look();
    let began = 0;
    document.addEventListener("click", () => { began = performance.now(); }, { capture: true, once: true });
    const observer = new MutationObserver(() => {
        const now = look();
        if (!began || now === undefined || now === before) return;
        observer.disconnect();
        document.body.getBoundingClientRect();
        done(performance.now() - began);
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}); }"""
_CLICK = """([target, at]) => {
    [...document.querySelectorAll(target)].filter((node) => node.checkVisibility())[at].click();
    return window.benchTook;
}"""
_HELD = 80  # ms between pressing and letting go
_CALM = 350  # ms, in which the row that has the cursor again is read ahead
_ROW, _FACTS, _FIRST = "a.ops-row", "article dl dd", "tbody tr:first-child .ops-id"


def run(bench: Bench) -> Iterator[Row]:
    """Measure on both databases."""
    for kind in KINDS:
        with chromium() as context, published(bench, kind) as server:
            button = _opened(context.new_page(), server, BUTTON, 0)
            console = _opened(context.new_page(), server, LIST, 1)
            took = _turns({
                "button": lambda page=button: _click(page, ".jupyter-button", ".jupyter-button"),
                "detail": lambda page=console: _detail(page, lambda: _click(page, _ROW, _FACTS)),
                "pressed": lambda page=console: _detail(page, lambda: _press(page, 3)),
                "unforeseen": lambda page=console: _detail(page, lambda: _click(page, _ROW, _FACTS, 5)),
                "next": lambda page=console: _click(page, ".ops-pager button:last-of-type", _FIRST),
            })  # fmt: skip
            for page in (button, console):
                close(page)
        for name, what, bar in ROWS:
            yield Row(f"{kind}.{name}", f"{kind}, {what}", took[name], "Button", took["button"], at_most(bar))


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


def _click(page: Page, target: str, wanted: str, at: int = 0) -> float:
    page.evaluate(_TIMED, wanted)
    took: Any = page.evaluate(_CLICK, [target, at])
    page.wait_for_timeout(150)  # counts and panels follow
    return float(took)


def _press(page: Page, at: int) -> float:
    page.evaluate(_TIMED, _FACTS)
    page.locator(f"{_ROW}:visible").nth(at).hover(force=True)
    page.mouse.down()
    page.wait_for_timeout(_HELD)
    page.mouse.up()
    took: Any = page.evaluate("window.benchTook")
    page.wait_for_timeout(150)
    return float(took)


def _detail(page: Page, act: Callable[[], float]) -> float:
    took = act()
    page.keyboard.press("Escape")
    page.locator(_ROW).first.wait_for()
    page.wait_for_timeout(_CALM)
    return took
