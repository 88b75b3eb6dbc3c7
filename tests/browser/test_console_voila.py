"""The console as a published page: from the list to an operation and back, by mouse and by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER, focused, open_page, rows, where
from support.serving import Server

THEMES = pytest.mark.parametrize("color_scheme", ["light", "dark"], indirect=True)


@THEMES
def test_the_whole_way_by_keyboard(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    page.get_by_role("searchbox").focus()
    page.keyboard.type("inventory")
    expect(page).to_have_url(re.compile(r"/system/ops/runs\?search=inventory$"))
    expect(rows(page).first).to_contain_text("Sync device inventory")
    page.keyboard.press("ArrowDown")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    opened = focused(page)
    assert opened == rows(page).nth(1).get_attribute("aria-label")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sync device inventory")
    number = re.search(r"#(\d+)", opened)[1]
    expect(page).to_have_url(re.compile(rf"/system/ops/runs/{number}$"))
    expect(page).to_have_title(f"Operation #{number} · opsnb")
    page.keyboard.press("Escape")
    expect(rows(page).nth(1)).to_be_focused()
    assert where(page) == "/system/ops/runs?search=inventory"


def test_a_search_in_flight_takes_nobody_away(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    page.get_by_role("searchbox").focus()
    page.keyboard.type("credentials")
    page.keyboard.press("ArrowDown")
    expect(rows(page).first).to_be_focused()
    expect(rows(page).first).to_contain_text("Rotate tenant credentials")
    page.get_by_role("searchbox").fill("inventory")
    rows(page).nth(1).click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    page.wait_for_timeout(800)  # longer than a search waits for the next key
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    assert where(page).startswith("/system/ops/runs/")


def test_back_and_forward_and_reload_keep_their_place(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/failures?since=7d")
    rows(page).nth(2).click()
    expect(page.get_by_text("Facts")).to_be_visible()
    detail = where(page)
    page.go_back()
    expect(rows(page).nth(2)).to_be_focused()
    assert where(page) == "/system/ops/failures?since=7d"
    expect(page.get_by_role("combobox", name="Last")).to_have_value("7d")
    page.go_forward()
    expect(page.get_by_text("Facts")).to_be_visible()
    assert where(page) == detail
    page.reload()
    expect(page.get_by_text("Facts")).to_be_visible()
    assert where(page) == detail


def test_pages_are_turned_by_keyboard_and_lead_back(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    first = rows(page).first.get_attribute("aria-label")
    rows(page).first.focus()
    for key, index in (("End", 49), ("Home", 0), ("ArrowDown", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(rows(page).nth(index)).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_text("51–100 of")).to_be_visible()
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_text("1–50 of")).to_be_visible()
    expect(rows(page).last).to_be_focused()
    assert rows(page).first.get_attribute("aria-label") == first


def test_only_one_row_is_in_the_tab_order_and_a_row_holds_no_other_control(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server)
    expect(rows(page)).to_have_count(50)
    assert page.locator("tbody a.ops-row[tabindex='0']").count() == 1
    assert page.locator("tbody :is(button, input, select, a:not(.ops-row))").count() == 0


def test_the_full_row_is_the_link(page: Page, demo_server: Server, context) -> None:
    open_page(page, demo_server)
    row = page.locator("tbody tr").nth(3)
    href = row.locator("a").get_attribute("href")
    with context.expect_page() as opened:
        row.locator("td").last.click(button="middle", force=True)
    expect(opened.value.get_by_text("Facts")).to_be_visible()
    assert opened.value.url == demo_server.root + href
    row.locator("td").nth(1).click(force=True)
    expect(page.get_by_text("Facts")).to_be_visible()
    assert where(page) == href


def test_filters_live_in_the_address_and_can_be_shared(page: Page, demo_server: Server, context) -> None:
    open_page(page, demo_server)
    page.get_by_role("button", name="Tenant any").click()
    page.keyboard.type("fabrikam")
    expect(page.get_by_role("option", name="Fabrikam GmbH")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Tenant Fabrikam GmbH")).to_be_focused()
    page.get_by_role("combobox", name="Outcome").select_option("failed")
    expect(page).to_have_url(re.compile(r"tenant=%23\d+&outcome=failed$"))
    expect(page.locator(".ops-c-place small").first).to_have_text("Fabrikam GmbH")
    expect(page.locator("tbody .ops-c-outcome").first).to_contain_text("Failed")
    count = page.locator(".ops-meta b").inner_text()
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".ops-meta b")).to_have_text(count)
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(re.compile("/system/ops/runs$"))
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_bad_filter_in_an_address_is_named_and_can_be_cleared(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs?status=stalled")
    expect(page.get_by_role("alert")).to_contain_text("status must be one of queued, running, completed")
    assert rows(page).count() == 0
    page.get_by_role("button", name="Clear filters").click()
    expect(rows(page)).to_have_count(50)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "title", "action", "leads"),
    [
        ("runs", "Operations", "Go to runbooks", "runbooks"),
        ("failures", "Failed operations", "Show all operations", "runs"),
        ("stuck", "Stuck operations", "Show all operations", "runs"),
        ("runbooks", "Runbooks", "Show all operations", "runs"),
    ],
)
def test_each_page_has_its_one_header_action(
    page: Page, demo_server: Server, path: str, title: str, action: str, leads: str
) -> None:
    open_page(page, demo_server, f"/system/ops/{path}")
    header = page.locator("header.ops-page:visible")
    expect(header.get_by_role("heading", level=1)).to_have_text(title)
    assert header.get_by_role("link").all_inner_texts() == [action]
    header.get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/system/ops/{leads}$"))


def test_an_empty_list_says_what_it_would_show_and_offers_its_action(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/failures?search=nothing%20like%20this")
    empty = page.locator(".ops-empty:visible")
    expect(empty).to_contain_text("No operation matches these filters.")
    assert empty.get_by_role("link").all_inner_texts() == ["Show all operations"]


def test_an_operation_that_is_not_there_leads_back(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/runs/999999999")
    expect(page.get_by_text("There is no Operation #999999999")).to_be_visible()
    page.locator(".ops-empty:visible").get_by_role("link", name="Show all operations").click()
    expect(rows(page)).to_have_count(50)
    assert where(page) == "/system/ops/runs"


def test_the_stuck_list_says_which_limit_and_by_how_much(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/stuck")
    labels = page.locator("tbody .ops-c-stuck").all_inner_texts()
    assert labels
    for label in labels:
        assert re.search(r"Queued .+, limit .+|Running .+, (limit|usually under) .+", label.replace("\n", " "))


def test_secrets_are_masked_and_the_context_can_be_copied(page: Page, demo_server: Server, context) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, demo_server, "/system/ops/runs?search=credentials.rotate")
    rows(page).first.click()
    expect(page.locator(".ops-context")).to_be_visible()
    page.get_by_role("button", name="Copy the context as JSON").click()
    expect(page.get_by_role("button", name="Copy the context as JSON")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").lstrip().startswith("{")
    assert "••••••••" in page.locator(".ops-context").inner_text()


@pytest.mark.parametrize("width", [360], indirect=True)
@pytest.mark.parametrize("path", ["runs", "failures", "stuck", "runbooks", "runs/42"])
def test_nothing_scrolls_sideways_in_a_narrow_window(page: Page, demo_server: Server, width: int, path: str) -> None:
    open_page(page, demo_server, f"/system/ops/{path}")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    for pixels in (width, 640):
        page.set_viewport_size({"width": pixels, "height": 860})
        assert page.evaluate("document.documentElement.scrollWidth") <= pixels


def test_a_view_only_reader_finds_no_triage_control(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/failures")
    rows(page).first.click()
    expect(page.get_by_text("Facts")).to_be_visible()
    for name in ("Retry", "Cancel", "Mark investigated"):
        assert page.get_by_role("button", name=name, include_hidden=True).count() == 0


def test_a_page_that_is_left_tells_its_kernel_nothing_more(page: Page, demo_server: Server) -> None:
    page.add_init_script("window.idle = []; window.requestIdleCallback = (later) => idle.push(later)")
    open_page(page, demo_server)
    expect(rows(page).first).to_be_visible()
    expect(page.locator("#ops-early")).to_have_count(0)
    page.evaluate(
        "() => { jupyterapp.widgetManager.kernel.dispose();"
        " idle.forEach((later) => later({ didTimeout: true, timeRemaining: () => 0 })); return idle.length; }"
    )


def test_under_a_path_one_kernel_serves_the_whole_way(page: Page, serve, demo_database: Path, context) -> None:
    base = "/team/ops"
    server = serve(f"--database={demo_database}", f"--actor={VIEWER}", f"--base-url={base}", "--preheat=0")
    page.goto(f"{server.root}/system/ops/failures?since=30d")
    facts, detail = page.get_by_role("heading", name="Facts"), rows(page).first.get_attribute("href")
    assert str(detail).startswith(f"{base}/system/ops/runs/")
    rows(page).first.click()
    expect(facts).to_be_visible()
    assert where(page) == detail
    page.go_back()
    expect(rows(page).first).to_be_focused()
    assert where(page) == f"{base}/system/ops/failures?since=30d"
    page.get_by_role("link", name="Runbooks", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runbooks")
    assert where(page) == f"{base}/system/ops/runbooks"
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Failed operations")
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runbooks")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Failed operations")
    [kernel] = server.kernels()
    with context.expect_page() as opened:
        rows(page).first.click(button="middle")
    expect(opened.value.get_by_role("heading", name="Facts")).to_be_visible()
    assert where(opened.value) == detail
    opened.value.reload()
    expect(opened.value.get_by_role("heading", name="Facts")).to_be_visible()
    assert kernel in server.kernels()
    server.wait_for_kernels(2)
