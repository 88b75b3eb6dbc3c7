"""From asking for the list to its first row on screen, against an empty page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from playwright.sync_api import BrowserContext

from benchmarks.bench import KINDS, Bench
from benchmarks.browser import EMPTY, LIST, Server, chromium, close, plain_voila, published, settle
from benchmarks.rows import Row, at_most

TITLE = "from asking for a page to its first row on screen, in Chromium, with kernels that wait"
ABOUT = """Pages take turns in one browser, whose cache holds the front end's files; each begins when the server is calm
and its kernels wait. The empty pages hold one `ipywidgets.HTML`: that of the same server, whose kernels have loaded
opsnb all the same, and that of Voila as it is installed, with kernels of its own that have run the page. The list is
drawn before Voila's front end has come; rows `live` are until that has taken it over, and does what is asked."""
ROUNDS = 7
_SEEN = """(() => {
    const seen = (wanted) => new Promise((done) => {
        const look = () => {
            const node = document.querySelector(wanted);
            const here = node?.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().height;
            here ? done(performance.now()) : requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
    window.benchSeen = { first: seen("a.ops-row, p.empty"), live: seen("#rendered_cells a.ops-row") };
})()"""


def run(bench: Bench) -> Iterator[Row]:
    """Measure on both databases."""
    with chromium() as context, plain_voila() as voila:
        context.add_init_script(_SEEN)
        for kind in KINDS:
            with published(bench, kind) as server:
                took = _turns({
                    "list": lambda server=server: _seen(context, server, LIST),
                    "empty": lambda server=server: _seen(context, server, EMPTY),
                    "live": lambda server=server: _seen(context, server, LIST, "live"),
                    "voila": lambda: _seen(context, voila, ""),
                })  # fmt: skip
            yield Row(f"{kind}.own", f"{kind} list", took["list"], "an empty page of the same server", took["empty"],
                      at_most(1.1))  # fmt: skip
            yield Row(f"{kind}.live", f"{kind} list, taken over", took["live"], "an empty page of the same server",
                      took["empty"])  # fmt: skip
            yield Row(
                f"{kind}.voila", f"{kind} list", took["list"], "an empty page of Voila", took["voila"], at_most(1.1)
            )


def _turns(pages: dict[str, Callable[[], float]]) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in pages}
    for number in range(ROUNDS + 1):
        for name, see in pages.items():
            once = see()
            if number:  # the first fills the browser's cache
                took[name].append(once)
    return {name: median(times) for name, times in took.items()}


def _seen(context: BrowserContext, server: Server, path: str, what: str = "first") -> float:
    settle(server)
    page = context.new_page()
    page.goto(server.root.rstrip("/") + path if path else server.home, wait_until="commit")
    took: float = page.evaluate("what => window.benchSeen[what]", what)
    close(page)
    return took
