"""Times on the page: in UTC or in the reader's own zone, always saying which."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from consoles import MANAGER, focused, open_page, rows, run_cell
from opsnb import connect
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
    expect(page.locator(".ops-bars:visible a").first).to_be_visible()  # the last part to come: none is loading any more
    page.reload()
    page.get_by_role("button", name="Times are in GMT").click()
    expect(page.locator(".ops-c-created .ops-zone").first).to_have_text("UTC")


def test_a_browser_in_utc_has_nothing_to_switch(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    expect(page.get_by_role("button", name="Times are in")).to_have_count(0)
    expect(page.locator(".ops-nav")).to_contain_text("UTC")


@pytest.mark.parametrize("zone", ["Asia/Tokyo"], indirect=True)
def test_the_switch_reaches_filters_and_what_opsnb_says_of_triage(
    page: Page, lab, demo_database: Path, tmp_path: Path, zone: str
) -> None:
    copy = shutil.copy(demo_database, tmp_path / "runs.db")
    ops = connect(str(copy), actor=MANAGER)
    open_ = next(row for row in ops.failures(type="inventory.sync", unhandled=True).rows if row.retried_as is None)
    reason = "seen at 2026-11-23 14:00:00 UTC by hand"
    ops.mark_investigated(open_.id, reason=reason)
    ops.close()
    run_cell(page, lab(copy, MANAGER))
    page.locator(".ops-bars a").last.click()
    since, until = page.get_by_role("combobox", name="Since"), page.get_by_role("button", name="Until")
    expect(until).to_contain_text("UTC")
    shown = since.locator("option:checked").inner_text(), until.locator("b").inner_text()
    page.get_by_role("button", name="Times are in UTC").click()
    for text, now in zip(shown, (since.locator("option:checked"), until.locator("b")), strict=True):
        there = datetime.strptime(f"2028 {text}", "%Y %d %b %H:%M UTC") + timedelta(hours=9)  # a leap year, for any day
        expect(now).to_have_text(f"{there:%d %b %H:%M} GMT+9")
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("searchbox", name="Find an operation").fill(f"#{open_.id}")
    expect(rows(page)).to_have_count(1)
    rows(page).first.click()
    mark = page.locator(".ops-verdict.ops-success:visible")
    expect(mark).to_contain_text(re.compile(rf"^Investigated by Ada Byron at .* GMT\+9: {reason}$"))
    again = page.get_by_role("button", name="Mark investigated")
    expect(again).to_have_attribute(
        "title", re.compile(r"was already marked investigated by Ada Byron at .* GMT\+9\.$")
    )
    again.press("Enter")
    expect(page.locator(".ops-said:visible")).to_contain_text("GMT+9.")
    expect(page.locator(".ops-as-of:visible")).to_contain_text("GMT+9")
    page.get_by_role("button", name="Times are in GMT").click()
    expect(page.locator(".ops-said:visible")).to_contain_text("UTC.")
    expect(again).to_have_attribute("title", re.compile(r"UTC\.$"))
    expect(mark).to_contain_text(re.compile(rf"^Investigated by Ada Byron at .* UTC: {reason}$"))
    expect(page.locator(".ops-as-of:visible")).to_contain_text("UTC")
