"""What every test of the console does in a browser, said once."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from support.serving import Server

VIEWER, MANAGER = "victor@contoso.example", "ada@contoso.example"
ROWS = "a.ops-row"
PAGES = 3  # of a console, that take turns: the list, an operation, the runbooks


def rows(page: Page) -> Locator:
    return page.locator(f"{ROWS}:visible")


def where(page: Page) -> str:
    """Path and query of the address bar, as the page itself knows them."""
    return page.evaluate("location.pathname + location.search")


def focused(page: Page) -> str:
    """What has the focus, as a screen reader would name it."""
    return page.evaluate("(e => e.getAttribute('aria-label') ?? e.textContent)(document.activeElement)")


def open_page(page: Page, server: Server, path: str = "/system/ops/runs") -> None:
    page.goto(server.root + path)
    expect(page.locator(".opsnb:visible").last).to_be_visible()


def run_cell(page: Page, server: Server, notebook: str = "runs.ipynb") -> None:
    """Open a notebook in JupyterLab and run its last cell, which shows the console."""
    page.goto(server.home.replace("runs.ipynb", notebook))
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".opsnb:visible").last).to_be_visible()


def use_dark_theme(page: Page) -> None:
    """Switch JupyterLab to its dark theme."""
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Theme", exact=True).first.hover()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")


def offences(page: Page, **rules: Any) -> list[str]:
    """Give what axe-core finds wrong in the console, by all of its rules unless some are named."""
    # axe keeps the page's only thread for seconds. A part that is being loaded meanwhile would come later than the 2 s
    # that anywidget gives it ("Failed to initialize model"), so the parts that come last have to be there.
    expect(page.locator(".opsnb-console .ops-turn")).to_have_count(PAGES)
    options = {**rules, "resultTypes": ["violations"]}  # to describe thousands of nodes that are right takes as long
    found = Axe().run(page, ".opsnb-console", options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]
