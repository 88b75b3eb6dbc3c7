"""The console in JupyterLab: the same way, in one output area, without losing a key to JupyterLab."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER, focused, rows, run_cell, use_dark_theme


@pytest.fixture
def console(lab, demo_database: Path, page: Page) -> Page:
    run_cell(page, lab(demo_database, VIEWER))
    expect(rows(page)).to_have_count(50)
    return page


def test_the_whole_way_by_keyboard_in_both_themes(console: Page) -> None:
    page = console
    for prepare in (lambda: None, lambda: use_dark_theme(page)):
        prepare()
        address = page.url
        page.get_by_role("searchbox", name="Find an operation").fill("inventory")
        expect(page.get_by_role("button", name="Clear filters")).to_be_visible()
        expect(rows(page).first).to_contain_text("Sync device inventory")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        opened = focused(page)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Facts")).to_be_visible()
        assert page.evaluate("document.activeElement.tagName") == "H1"
        page.keyboard.press("Escape")
        expect(rows(page).nth(1)).to_be_focused()
        assert focused(page) == opened
        assert page.url == address
        page.get_by_role("button", name="Clear filters").click()
        expect(rows(page)).to_have_count(50)


def test_no_key_reaches_the_notebook_while_the_console_has_the_focus(console: Page) -> None:
    page = console
    cells = page.locator(".jp-Cell").count()
    dangerous = ("x", "d", "d", "a", "b", "m", "z", "c", "v")

    def press_all() -> None:
        for key in dangerous:
            page.keyboard.press(key)
        assert page.locator(".jp-Cell").count() == cells
        assert page.locator(".jp-MarkdownCell").count() == 0

    rows(page).first.focus()
    press_all()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    press_all()
    page.locator(".opsnb:visible").get_by_role("button", name="Refresh", exact=True).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    press_all()
    page.locator(".opsnb:visible").get_by_role("link", name="Show all operations").click()
    expect(rows(page)).to_have_count(50)
    press_all()
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page.get_by_role("heading", name="Failed operations")).to_be_visible()
    press_all()


def test_a_link_never_leaves_jupyterlab(console: Page) -> None:
    page = console
    address = page.url
    assert rows(page).first.get_attribute("href").startswith("#/system/ops/runs/")
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    assert page.url == address


def test_a_list_alone_in_a_cell_is_a_table(lab, demo_database: Path, page: Page) -> None:
    run_cell(page, lab(demo_database, VIEWER))
    page.keyboard.press("Escape")
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("opsnb.connect().failures(limit=5)")
    page.keyboard.press("Control+Enter")
    table = page.locator(".jp-OutputArea table")
    expect(table.locator("caption")).to_contain_text("Failed operations: 5 of")
    expect(table.locator("tbody tr")).to_have_count(5)


def test_what_opsnb_refuses_is_one_sentence_in_a_cell(lab, demo_database: Path, page: Page) -> None:
    run_cell(page, lab(demo_database, VIEWER))
    page.keyboard.press("Escape")
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("opsnb.connect(now='tea')")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-OutputArea-output").last).to_have_text(
        "BadInput: now must be a time such as 2026-11-23T14:00:00, not 'tea'."
    )
