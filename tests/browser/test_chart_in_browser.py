"""The chart above a list: its bars by mouse and keyboard, in a table, in narrow windows and in JupyterLab."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from consoles import VIEWER, focused, open_page, rows, run_cell
from support.serving import Server


def bars(page: Page) -> Locator:
    return page.locator(".ops-activity:visible .ops-bars a")


def told(page: Page) -> Locator:
    return page.locator(".ops-activity:visible .ops-told")


def counted(label: str, kind: str) -> str:
    """Give what the label of a bar says of one outcome."""
    return re.search(rf"([\d,]+) {kind}", label)[1]


def test_a_bar_sets_the_time_and_any_time_leads_back(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/failures?since=7d")
    bar = page.locator(".ops-bars a[aria-label*=failed]").nth(1)  # a whole day: the first one begins at this hour
    label = bar.get_attribute("aria-label")
    bar.hover()
    expect(told(page)).to_have_text(label)
    bar.click()
    expect(page).to_have_url(re.compile("/system/ops/failures.since=.*until="))
    expect(page.locator(".ops-meta b:visible")).to_have_text(counted(label, "failed"))
    expect(page.get_by_role("button", name="Until")).to_be_visible()
    expect(bars(page).nth(20)).to_be_visible()
    page.get_by_role("combobox", name="Since").select_option("any time")
    expect(page.get_by_role("button", name="Until")).to_have_count(0)
    expect(page).to_have_url(f"{demo_server.root}/system/ops/failures")


def test_the_bars_are_one_stop_and_arrows_walk_them(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs")
    expect(bars(page).last).to_be_visible()
    last = bars(page).count() - 1
    assert page.locator(".ops-bars a[tabindex='0']").count() == 1
    bars(page).nth(last).focus()
    for key, index in (("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("End", last), ("ArrowLeft", last - 1)):
        page.keyboard.press(key)
        expect(bars(page).nth(index)).to_be_focused()
    label = focused(page)
    assert re.search(r"\d\d:\d\d–\d\d:\d\d UTC: (nothing|[\d,]+ )", label)
    expect(told(page)).to_have_text(label)
    page.keyboard.press("Enter")
    marked = page.locator(".ops-bars a[aria-current]")
    expect(marked).to_have_count(1)
    assert focused(page) == label == marked.get_attribute("aria-label")
    page.keyboard.press("Enter")
    expect(marked).to_have_count(0)
    expect(page).to_have_url(f"{demo_server.root}/system/ops/runs")
    assert focused(page) == label


def test_the_table_says_the_same_and_leads_the_same_way(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs?since=7d")
    page.get_by_text("Show as table").click()
    lines = page.locator(".ops-figures tbody tr")
    expect(lines).to_have_count(bars(page).count())
    sums = [int(text.replace(",", "")) for text in lines.locator("td:last-child").all_inner_texts()]
    expect(told(page)).to_contain_text(f"{sum(sums):,} since")
    lines.nth(3).get_by_role("link").click()
    expect(page.locator(".ops-meta b:visible")).to_have_text(f"{sums[3]:,}")
    expect(page.locator(".ops-figures tbody tr")).not_to_have_count(len(sums))
    assert focused(page), "the focus has fallen to the page"


@pytest.mark.parametrize("width", [1280, 360], indirect=True)
def test_its_room_is_kept_before_it_comes(page: Page, demo_server: Server, width: int) -> None:
    open_page(page, demo_server, "/system/ops/runs")
    expect(bars(page).first).to_be_visible()
    room = page.locator(".ops-before > div").first
    filled = room.bounding_box()["height"]
    room.evaluate("(node) => node.replaceChildren()")
    assert room.bounding_box()["height"] == filled


def test_a_time_without_operations_says_so(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs?search=nothing%20like%20this")
    expect(page.locator(".ops-activity:visible")).to_contain_text("No operation was created in this time.")


@pytest.mark.parametrize("zone", ["Asia/Kolkata"], indirect=True)
def test_bars_are_told_in_the_zone_of_the_reader(page: Page, demo_server: Server, zone: str) -> None:
    open_page(page, demo_server, "/system/ops/runs")
    expect(bars(page).last).to_have_attribute("aria-label", re.compile(r":00–\d\d:00 UTC:"))
    page.get_by_role("button", name="change the zone").click()
    expect(bars(page).last).to_have_attribute("aria-label", re.compile(r":30–\d\d:30 GMT\+5:30:"))


def test_in_jupyterlab_its_keys_are_its_own(page: Page, lab, demo_database) -> None:
    run_cell(page, lab(demo_database, VIEWER))
    expect(rows(page)).to_have_count(50)
    cells = page.locator(".jp-Cell").count()
    bars(page).last.focus()
    for key in ("x", "d", "d", "ArrowLeft", "a", "b", "m"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == cells
    address = page.url
    label = focused(page)
    page.keyboard.press("Enter")
    expect(page.locator(".ops-bars a[aria-current]")).to_have_attribute("aria-label", label)
    page.keyboard.press("x")
    assert (page.locator(".jp-Cell").count(), page.url) == (cells, address)
