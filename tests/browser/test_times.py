"""Times on the page: in UTC or in the reader's own zone, always saying which."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from consoles import focused, open_page, rows
from support.serving import Server

AWAY = pytest.mark.parametrize("zone", ["America/St_Johns", "Asia/Tokyo"], indirect=True)


@AWAY
def test_one_switch_tells_every_time_in_the_readers_zone(page: Page, demo_server: Server, zone: str) -> None:
    open_page(page, demo_server)
    created = rows(page).first.locator("xpath=ancestor::tr").locator(".ops-c-created time")
    before = created.last.inner_text()
    switch = page.get_by_role("button", name="Times are in UTC")
    switch.focus()
    page.keyboard.press("Enter")
    there = datetime.fromisoformat(created.last.get_attribute("datetime")).astimezone(ZoneInfo(zone))
    assert before != created.last.inner_text() == f"{there:%H:%M:%S}"
    whole, utc = created.first.get_attribute("title").split(", ")
    assert whole.startswith(f"{there:%Y-%m-%d %H:%M:%S} GMT")
    assert utc.endswith("UTC")
    expect(page.locator(".ops-c-created .ops-zone").first).to_contain_text("GMT")
    assert "Times are in GMT" in focused(page)
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Timeline, GMT")).to_be_visible()
    fact = page.get_by_role("term").filter(has_text="Created").locator("xpath=following-sibling::dd[1]")
    expect(fact.locator("time")).to_have_text(whole)


@AWAY
def test_the_choice_is_kept_and_taken_back(page: Page, demo_server: Server, zone: str) -> None:
    open_page(page, demo_server)
    page.get_by_role("button", name="Times are in UTC").click()
    page.reload()
    page.get_by_role("button", name="Times are in GMT").click()
    expect(page.locator(".ops-c-created .ops-zone").first).to_have_text("UTC")


def test_a_browser_in_utc_has_nothing_to_switch(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    expect(page.get_by_role("button", name="Times are in")).to_have_count(0)
    expect(page.locator(".ops-nav")).to_contain_text("UTC")
