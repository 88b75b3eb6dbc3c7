"""The switch that leaves on the failures list what still needs somebody."""

import re

from playwright.sync_api import Page, expect

from consoles import open_page, rows, where
from support.serving import Server


def numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", text)]


def test_what_is_handled_is_hidden_and_counted(page: Page, demo_server: Server, context) -> None:
    open_page(page, demo_server, "/system/ops/failures")
    meta = page.locator(".ops-meta:visible")
    (every,) = numbers(meta.locator("b").inner_text())
    switch = page.get_by_role("button", name="Unhandled only")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(switch).to_be_focused()
    expect(meta).to_contain_text(re.compile(r"operations, [\d,]+ handled ones? hidden"))
    left, hidden = numbers(meta.locator("span").first.inner_text())
    assert hidden > 0
    assert left + hidden == every
    assert where(page) == "/system/ops/failures?unhandled=true"
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".ops-meta:visible")).to_contain_text(f"{hidden} handled")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    expect(meta).not_to_contain_text("hidden")
    assert where(page) == "/system/ops/failures"


def test_it_is_offered_where_failures_are_and_wherever_an_address_asks_for_it(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    expect(rows(page).first).to_be_visible()
    switch = page.get_by_role("button", name="Unhandled only")
    expect(switch).to_have_count(0)
    open_page(page, demo_server, "/system/ops/runs?unhandled=true")
    switch.click()
    expect(switch).to_have_count(0)
    assert where(page) == "/system/ops/runs"


def test_two_filters_set_at_once_both_count(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/failures")
    expect(rows(page).first).to_be_visible()
    page.evaluate(
        "() => { const of = name => document.querySelector(`[data-filter=${name}]`);"
        " const last = of('since'), only = of('unhandled');"
        " last.value = '7d'; last.dispatchEvent(new Event('change')); only.click(); }"
    )
    expect(page.locator(".ops-chip.ops-on")).to_have_count(2)
    assert where(page) == "/system/ops/failures?since=7d&unhandled=true"
