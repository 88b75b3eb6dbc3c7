"""Single keys: to the search, to a list, and what keys there are."""

import pytest
from playwright.sync_api import Page, expect

from consoles import MANAGER, focused, open_page, rows, run_cell, where


def lists(page: Page) -> None:
    """Walk by keys alone, from wherever the focus is within the console."""
    page.keyboard.press("/")
    expect(page.locator(".ops-search:visible")).to_be_focused()
    page.keyboard.type("g/?")
    expect(page.locator(".ops-search:visible")).to_have_value("g/?")
    page.locator(".ops-search:visible").fill("")
    page.keyboard.press("ArrowDown")
    for letter, title in [
        ("f", "Failed operations"),
        ("s", "Stuck operations"),
        ("b", "Runbooks"),
        ("o", "Operations"),
    ]:
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.locator("h1:visible")).to_have_text(title)
        assert focused(page), "the focus has fallen to the page"


def test_a_published_page_is_walked_by_keys(page: Page, demo_server) -> None:
    open_page(page, demo_server)
    expect(rows(page).first).to_be_visible()
    lists(page)
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator(".ops-search:visible")).to_be_focused()
    assert where(page) == "/system/ops/runs"


def test_in_jupyterlab_the_keys_are_the_consoles_own(page: Page, lab, demo_database) -> None:
    run_cell(page, lab(demo_database, MANAGER))
    rows(page).first.focus()
    lists(page)
    rows(page).first.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("region", name="Keyboard shortcuts")).to_be_visible()
    cells = page.locator(".jp-Cell").count()
    page.keyboard.press("x")
    assert page.locator(".jp-Cell").count() == cells


def test_the_keys_are_shown_and_put_away(page: Page, demo_server) -> None:
    open_page(page, demo_server)
    rows(page).nth(1).focus()
    page.keyboard.press("?")
    keys = page.get_by_role("region", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Failed operations")
    assert focused(page) == "Keyboard shortcuts"
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(rows(page).nth(1)).to_be_focused()


def test_single_keys_can_be_switched_off(page: Page, demo_server) -> None:
    open_page(page, demo_server)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("checkbox", name="Use single keys").uncheck()
    page.reload()
    rows(page).first.focus()
    for key in "/", "?", "g", "f":
        page.keyboard.press(key)
    expect(rows(page).first).to_be_focused()
    assert where(page) == "/system/ops/runs"


@pytest.mark.parametrize("width", [360], indirect=True)
def test_the_keys_fit_a_narrow_window(page: Page, demo_server, width: int) -> None:
    open_page(page, demo_server)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
