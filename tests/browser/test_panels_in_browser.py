"""Failure groups above the failures, and the runs of its type beside an operation."""

import re

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER, focused, open_page, rows, run_cell
from support.serving import Server

FAILURES = "/system/ops/failures?since=7d"


def test_a_card_shows_its_group_and_leads_back(page: Page, demo_server: Server, context) -> None:
    open_page(page, demo_server, FAILURES)
    card = page.locator(".ops-card").nth(1)
    expect(page.locator(".ops-card")).to_have_count(3)
    count, group = card.locator("b").inner_text().removesuffix(" ×"), card.get_attribute("data-group")
    with context.expect_page() as opened:
        card.click(button="middle")
    expect(opened.value.locator(".ops-meta b:visible")).to_have_text(count)
    opened.value.close()
    card.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ops-meta b:visible")).to_have_text(count)
    expect(page).to_have_url(f"{demo_server.root}{FAILURES}&group={group}")
    chosen = page.locator(".ops-card[aria-current]")
    expect(chosen).to_contain_text("Show all failures again")
    expect(chosen).to_be_focused()
    page.keyboard.press("Enter")
    expect(chosen).to_have_count(0)
    expect(page).to_have_url(f"{demo_server.root}{FAILURES}")
    page.locator(".ops-card").nth(1).click()
    page.get_by_role("button", name=re.compile("^Group ")).click()
    expect(chosen).to_have_count(0)
    expect(page).to_have_url(f"{demo_server.root}{FAILURES}")


def test_all_groups_are_shown_when_asked_for(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, FAILURES)
    control = page.get_by_role("button", name=re.compile(r"Show (all|the first) \d+ groups"))
    total = int(re.search(r"\d+", control.inner_text())[0])
    control.click()
    expect(page.locator(".ops-card")).to_have_count(total)
    expect(page.locator(".ops-groups")).to_contain_text(re.compile(r"\d+ groups of [\d,]+ failures since .+ UTC"))
    assert focused(page) == "Show fewer"


@pytest.mark.parametrize("width", [1280, 360], indirect=True)
def test_their_room_is_kept_before_they_come(page: Page, demo_server: Server, width: int) -> None:
    open_page(page, demo_server, FAILURES)
    expect(page.locator(".ops-card").first).to_be_visible()
    room = page.locator(".ops-before > div").last
    filled = room.bounding_box()["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    room.evaluate("(node) => node.replaceChildren()")
    assert room.bounding_box()["height"] == filled


def test_beside_an_operation_the_bars_lead_to_the_others_of_its_type(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs/2500")
    bars = page.locator(".ops-history .ops-bars a")
    expect(bars).to_have_count(60)
    expect(bars.last).to_have_attribute("aria-current", "true")
    label = bars.nth(30).get_attribute("aria-label")
    bars.nth(30).click()
    other = re.match(r"Operation #(\d+): ", label)[1]
    expect(page).to_have_url(re.compile(f"/runs/{other}$"))
    expect(page.locator(".ops-history a[aria-current]")).to_have_attribute("aria-label", f"{label}, this one")
    page.locator(".ops-history summary").click()
    first = page.locator(".ops-history tbody tr").first
    expect(first).to_contain_text(f"#{other}")
    page.locator(".ops-history tbody tr").nth(1).get_by_role("link").click()
    expect(page).not_to_have_url(re.compile(f"/runs/{other}$"))


def test_in_jupyterlab_their_keys_are_their_own(page: Page, lab, demo_database) -> None:
    run_cell(page, lab(demo_database, VIEWER), "failures.ipynb")
    expect(page.locator(".ops-card")).to_have_count(3)
    cells = page.locator(".jp-Cell").count()
    page.locator(".ops-card").first.focus()
    for key in ("x", "d", "d", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".ops-card[aria-current]")).to_be_focused()
    rows(page).first.click()
    bars = page.locator(".ops-history .ops-bars a")
    bars.last.focus()
    for key in ("x", "d", "d", "ArrowLeft", "x"):
        page.keyboard.press(key)
    expect(bars.nth(-2)).to_be_focused()
    assert page.locator(".jp-Cell").count() == cells
