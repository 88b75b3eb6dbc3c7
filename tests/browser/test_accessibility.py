"""Every page by the rules of WCAG 2.2 AA, as far as axe-core can tell, and by its width."""

import re

import pytest
from playwright.sync_api import Page, expect

from consoles import MANAGER, offences, open_page, rows, run_cell, use_dark_theme

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = ["runs", "failures", "stuck", "runbooks"]
WIDTHS = (360, 640)  # 640 pixels are what a reader sees of a window of 1280 at 200 %


def judge(page: Page) -> None:
    """Look at what is shown in both themes, and whether it fits narrow windows."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert offences(page, runOnly=RULES) == [], scheme
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
    page.locator(".ops-after").get_by_text("Show as table").click()
    expect(page.locator(".ops-after .ops-figures tbody tr").first).to_be_visible()
    judge(page)


def test_what_opens_on_a_list(page: Page, demo_server) -> None:
    open_page(page, demo_server, "/system/ops/failures?since=7d&unhandled=true")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("button", name=re.compile("Show .* groups")).click()
    page.locator(".ops-card").nth(4).click()
    expect(page.locator(".ops-card[aria-current]")).to_be_visible()
    page.locator(".ops-activity").get_by_text("Show as table").click()
    expect(page.locator(".ops-activity .ops-figures tbody tr").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Tenant")).click()
    expect(page.get_by_role("option").first).to_be_visible()
    judge(page)


def test_triage_in_jupyterlab(page: Page, lab, demo_database) -> None:
    run_cell(page, lab(demo_database, MANAGER), "stuck.ipynb")
    rows(page).first.click()
    acts = page.locator(".ops-acts")
    for theme in ("light", "dark"):
        if theme == "dark":
            use_dark_theme(page)
        acts.get_by_role("button", name="Cancel", exact=True).click()
        expect(page.locator(".ops-ask .ops-danger-fill")).to_be_visible()
        assert offences(page, runOnly=RULES) == [], theme
        page.keyboard.press("Escape")
        expect(acts.get_by_role("button", name="Cancel", exact=True)).to_be_focused()
        acts.get_by_role("button", name="Mark investigated").click()
        page.get_by_role("textbox", name="Reason").fill("tiny")
        page.keyboard.press("Enter")
        expect(page.get_by_text("at least 5 characters")).to_be_visible()
        assert offences(page, runOnly=RULES) == [], theme
        page.keyboard.press("Escape")
        with page.expect_download():
            page.get_by_role("button", name="Save evidence").click()
        expect(page.locator(".ops-saved")).to_be_visible()
        assert offences(page, runOnly=RULES) == [], theme
