"""Copy as Python: from a page's button to a cell that gives the same operations."""

import json

from playwright.sync_api import Page, expect

from consoles import MANAGER, open_page, rows, run_cell
from support.serving import Server


def copied(page: Page) -> str:
    """Press the button and give what the clipboard holds then."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    control = page.locator(".ops-python:visible")
    control.focus()
    page.keyboard.press("Enter")
    expect(control).to_have_text("Copied")
    expect(control).to_be_focused()
    return page.evaluate("navigator.clipboard.readText()")


def result(page: Page, code: str) -> str:
    """Run code in the last cell, and give what it prints."""
    page.keyboard.press("Escape")
    expect(page.locator("tbody a:focus")).to_have_count(1)  # else it would take the focus from the cell
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
    printed = page.locator(".jp-OutputArea-output[data-mime-type*='stdout']").last
    expect(printed).to_be_visible()
    return printed.inner_text()


def told(page: Page) -> str:
    """Give the operation on screen as a cell prints it."""
    number = page.locator(".ops-id:visible").inner_text()
    state = [badge.inner_text().split("\n")[-1].lower() for badge in page.locator(".ops-line:visible .ops-badge").all()]
    return f"{number}: {page.locator('article h1:visible').inner_text()}, {', '.join(state)}"


def test_a_cell_gives_the_list_that_was_on_screen(page: Page, lab, demo_database) -> None:
    run_cell(page, lab(demo_database, MANAGER), "failures.ipynb")
    page.get_by_role("combobox", name="Last").select_option("7d")
    page.get_by_role("button", name="Unhandled only").click()
    expect(page.locator(".ops-meta")).to_contain_text("hidden")
    numbers = [int(row.get_attribute("data-id")) for row in rows(page).all()]
    line = copied(page)
    assert line == "ops.failures(since='7d', unhandled=True).to_frame()"
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    one, operation = copied(page), told(page)
    printed, run = result(page, f"print({line}['id'].to_list(), '|', {one})").split(" | ")
    assert json.loads(printed) == numbers
    assert run.strip() == operation


def test_a_published_page_gives_lines_for_a_notebook_of_ones_own(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs/42")
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    assert copied(page) == "import opsnb\n\nops = opsnb.connect()\nops.run(42)"
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(50)
    assert copied(page).endswith("ops = opsnb.connect()\nops.runs().to_frame()")
