"""Every page by the rules of WCAG 2.2 AA, as far as axe-core can tell, and by its width."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from consoles import MANAGER, open_page, rows, run_cell

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = ["runs", "failures", "stuck", "runbooks"]
WIDTHS = (360, 640)  # 640 pixels are what a reader sees of a window of 1280 at 200 %


def offences(page: Page) -> list[str]:
    found = Axe().run(page, ".opsnb-console", RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def judge(page: Page) -> None:
    """Look at what is shown in both themes, and whether it fits narrow windows."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert offences(page) == [], scheme
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 860})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_a_list(name: str, page: Page, demo_server) -> None:
    open_page(page, demo_server, f"/system/ops/{name}")
    expect(page.locator("h1:visible")).to_be_visible()
    judge(page)


def test_an_operation(page: Page, demo_server) -> None:
    open_page(page, demo_server, "/system/ops/failures")
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    judge(page)


def test_what_opens_on_a_list(page: Page, demo_server) -> None:
    open_page(page, demo_server)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("button", name=re.compile("^Tenant")).click()
    expect(page.get_by_role("option").first).to_be_visible()
    judge(page)


@pytest.mark.parametrize("color_scheme", ["light", "dark"], indirect=True)
def test_triage_in_jupyterlab(page: Page, lab, demo_database) -> None:
    run_cell(page, lab(demo_database, MANAGER), "failures.ipynb")
    rows(page).first.click()
    page.get_by_role("button", name="Mark investigated").click()
    expect(page.get_by_role("textbox", name="Reason")).to_be_visible()
    assert offences(page) == []
