"""A real browser on a real server: every page is watched for errors and for requests to any other host."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from consoles import VIEWER
from opsnb import demo
from opsnb.database import Database
from opsnb.settings import Settings
from support.serving import Server, close_lab, open_lab, running_lab, serving

# Suggestions below the address bar are a page of Chromium's own, loaded into every window: a third of its work.
SUGGESTIONS = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "OmniboxEverywhere")
# What Playwright turns off is named again, since Chromium goes by the last list alone.
OFF = ("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
       "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
       "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
       "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch", *SUGGESTIONS)  # fmt: skip
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
           "--disable-sync", "--no-first-run", f"--disable-features={','.join(OFF)}"]  # fmt: skip
expect.set_options(timeout=20_000)  # a page is a kernel and a front end, on a machine that may be busy
VERSIONS = ("Unsatisfied version", "No satisfying version")  # of JupyterLab and Voila, which share modules
CONSOLE_LINES = 60  # of the pages' consoles, that a failing test prints
HERE = ("127.0.0.1", "localhost", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def _chromium() -> str:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "No Chromium was found; run scripts/chromium, or name one in CHROMIUM."
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_chromium(), args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, made at the start of the tests; do not change it: copy it."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    database = Database(str(path), Settings())
    demo.prepare(database, datetime.now(UTC))
    database.close()
    return path


@pytest.fixture(scope="session")
def demo_server(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``opsnb serve`` on the demo, seen by somebody who may only view; `demo_server.root` is its address."""
    folder = tmp_path_factory.mktemp("serve")
    with serving(folder, f"--database={demo_database}", f"--actor={VIEWER}") as server:
        yield server


@pytest.fixture
def serve(tmp_path: Path, context: BrowserContext) -> Iterator[Callable[..., Server]]:
    """Start further servers: ``serve("--database=…", "--actor=…")``; all end with the test."""
    with ExitStack() as stack:

        def start(*options: str, **environment: str) -> Server:
            folder = tmp_path / f"server-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            # Most show one page or two; the server of the demo keeps kernels waiting, as is usual.
            return stack.enter_context(serving(folder, "--preheat=0", *options, **environment))

        yield start
        close_pages(context)


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab."""
    with running_lab(tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


@pytest.fixture
def lab(jupyterlab: Server, tmp_path: Path, context: BrowserContext) -> Iterator[Callable[..., Server]]:
    """Open a copy of the notebooks in JupyterLab: ``lab(database, actor)``; `home` opens runs.ipynb."""
    yield lambda database, actor: open_lab(jupyterlab, tmp_path.name, database, actor)
    close_pages(context)
    close_lab(jupyterlab)


@pytest.fixture
def color_scheme(request: pytest.FixtureRequest) -> str:
    """Ask for ``dark`` by an indirect parameter."""
    return getattr(request, "param", "light")


@pytest.fixture
def width(request: pytest.FixtureRequest) -> int:
    """Ask for another width of the window, in pixels, by an indirect parameter."""
    return getattr(request, "param", 1280)


class Watch:
    """What went wrong in the pages of one test; a test that provokes errors stops watching first.

    `console` holds every message of the pages, to be printed where the test fails.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.seen: list[str] = []
        self.console: list[str] = []
        self._watching = True
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", self._page_error)

    def stop(self) -> None:
        """Note errors no more; a request to another host is noted even so."""
        self._watching = False

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in HERE:
            self.seen.append(f"request to another host: {request.url}")

    def _page_error(self, error: WebError) -> None:
        self._print("uncaught", f"{error.error}\n{error.error.stack or ''}", error.page)
        self._note(f"page error: {error.error}")

    def _console(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(VERSIONS):
            self._print(message.type, message.text, message.page)
        if message.type == "error":
            self._note(f"console error: {message.text}")

    def _print(self, kind: str, text: str, page: Page | None) -> None:
        path = urlsplit(page.url).path if page else ""
        self.console.append(f"{datetime.now(UTC):%H:%M:%S.%f} {path} {kind}: {text}")

    def _note(self, text: str) -> None:
        if self._watching:
            self.seen.append(text)


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> str:
    """Ask for another time zone of the browser by an indirect parameter."""
    return getattr(request, "param", "UTC")


@pytest.fixture
def context(browser: Browser, color_scheme: str, width: int, zone: str) -> Iterator[BrowserContext]:
    """A browser's profile of its own, in English, and in UTC unless a test asks for another zone."""
    made = browser.new_context(
        color_scheme=color_scheme, viewport={"width": width, "height": 860}, locale="en-GB", timezone_id=zone
    )
    made.set_default_timeout(30_000)
    yield made
    made.close()


@pytest.fixture
def watch(context: BrowserContext) -> Iterator[Watch]:
    """Watch every page of the test; anything seen fails it at its end."""
    watching = Watch(context)
    yield watching
    assert watching.seen == []


@pytest.fixture
def page(context: BrowserContext, watch: Watch, tmp_path: Path) -> Iterator[Page]:
    """A watched page; a failing test leaves a screenshot of every page in `tmp_path`."""
    yield context.new_page()
    if watch.seen:
        take_screenshots(context, tmp_path)
    close_pages(context)


def take_screenshots(context: BrowserContext, folder: Path) -> None:
    """Take a picture of every page that is open."""
    for number, page in enumerate(context.pages):
        with suppress(Error):  # a page that hangs or has crashed
            page.screenshot(path=folder / f"failed-{number}.png", full_page=True, timeout=5000)


def close_pages(context: BrowserContext) -> None:
    """Close every page as a reader would, so that it ends its kernel."""
    for left in context.pages:
        with suppress(Error):  # one that the test has closed may still be on its way
            left.close(run_before_unload=True)
            left.wait_for_event("close", timeout=5000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Show with a failing test what its pages printed, and where their pictures are."""
    report: pytest.TestReport = yield
    used = getattr(item, "funcargs", {})
    if report.failed and "watch" in used:
        if report.when == "call":
            take_screenshots(used["context"], used["tmp_path"])
        pictures = sorted(map(str, used["tmp_path"].glob("failed-*.png")))
        report.sections += [("console of the pages", "\n".join(used["watch"].console[-CONSOLE_LINES:])),
                            ("screenshots", "\n".join(pictures))]  # fmt: skip
    return report
