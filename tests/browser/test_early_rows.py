"""The console is drawn before Voila's front end has come, and goes over to it with all that was done meanwhile."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from consoles import focused, open_page, rows, where
from support.serving import Server

FRONT_END = "**/voila.js"
# Notes of every frame how high the first row stands, from when it is first seen.
WATCH = """() => {
    window.seenAt = [];
    const look = () => {
        const rows = [...document.querySelectorAll("a.ops-row")];
        const row = rows.find((one) => one.checkVisibility({ visibilityProperty: true }));
        if (row || seenAt.length) seenAt.push(row ? row.getBoundingClientRect().top : null);
        requestAnimationFrame(look);
    };
    look();
}"""
NO_MOVES = "delete Element.prototype.moveBefore"  # as in browsers that cannot move what has the focus
# What is waited for at most comes soon.
HURRY = """() => {
    const wait = setTimeout;
    window.setTimeout = (act, ms, ...told) => wait(act, ms === 10000 ? 300 : ms, ...told);
}"""
NOT_THE_LIST = """() => {
    const take = opsEarly.take;
    const known = (model) => !model.get("_anywidget_id").endsWith(".RunList");
    opsEarly.take = (model, target) => (known(model) ? take(model, target) : undefined);
}"""
LIVE = "#rendered_cells .opsnb"


def held_back(page: Page, server: Server, path: str = "/system/ops/runs") -> Callable[..., None]:
    """Open a page whose front end does not come; give what lets it come, and waits until it has taken over."""
    waiting: list[Route] = []
    page.route(FRONT_END, lambda route: waiting.append(route))
    page.goto(server.root + path, wait_until="commit")
    expect(page.locator("#ops-early > .opsnb").last).to_be_visible()

    def let_come(*, taken_over: bool = True) -> None:
        assert page.locator(LIVE).count() == 0
        waiting.pop().continue_()
        if taken_over:
            expect(page.locator("#ops-early")).to_have_count(0)

    return let_come


@pytest.mark.parametrize(("width", "moves"), [(1280, True), (360, True), (1280, False)], indirect=["width"])
def test_nothing_moves_as_the_front_end_comes(page: Page, demo_server: Server, moves: bool) -> None:
    page.add_init_script(f"({WATCH})()")
    if not moves:
        page.add_init_script(NO_MOVES)
    come = held_back(page, demo_server)
    expect(rows(page)).to_have_count(50)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_text("Loading operations…")).to_have_count(0)
    rows(page).nth(1).focus()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(2)).to_be_focused()
    page.evaluate("scrollBy(0, 300); document.activeElement.mine = true; seenAt.length = 0")
    at = page.evaluate("scrollY")
    come()
    expect(page.locator(".ops-before svg").first).to_be_visible()
    assert len(set(page.evaluate("seenAt"))) == 1
    assert page.evaluate("[scrollY, document.activeElement.mine]") == [at, True]
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.locator("nav.ops-nav")).to_have_count(1)
    expect(page.get_by_text("Counting…")).to_have_count(0)


def test_what_is_asked_meanwhile_is_done_once_it_can_be(page: Page, demo_server: Server) -> None:
    come = held_back(page, demo_server)
    rows(page).nth(1).click()
    rows(page).nth(2).click()
    opened = focused(page)
    expect(page.locator("#ops-early")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status").filter(has_text="still loading")).to_be_visible()
    assert where(page) == "/system/ops/runs"
    come()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    assert where(page) == "/system/ops/runs/" + re.search(r"#(\d+)", opened)[1]
    expect(page.get_by_text("still loading")).to_have_count(0)
    tabs, detail = (page.locator(part).bounding_box() for part in ("nav.ops-nav", "article:visible"))
    assert (tabs["x"], tabs["width"]) == (detail["x"], detail["width"])  # what came early and what came later
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.go_back()
    expect(rows(page).nth(2)).to_be_focused()
    assert where(page) == "/system/ops/runs"
    page.get_by_role("button", name="Older").click()
    expect(page.get_by_text("51–100 of")).to_be_visible()


@pytest.mark.parametrize("moves", [True, False])
def test_a_filter_that_was_opened_stays_open(page: Page, demo_server: Server, moves: bool) -> None:
    if not moves:
        page.add_init_script(NO_MOVES)
    come = held_back(page, demo_server)
    page.get_by_role("button", name=re.compile("^Type")).click()
    field = page.get_by_role("combobox", name="Type: type to narrow")
    expect(field).to_be_focused()
    come()
    expect(page.get_by_role("option").first).to_be_visible()  # asked of the kernel, once it could be
    expect(field).to_be_focused()


@pytest.mark.parametrize("moves", [True, False])
def test_a_click_is_not_lost_that_was_begun_before_and_ended_after(
    page: Page, demo_server: Server, moves: bool
) -> None:
    if not moves:
        page.add_init_script(NO_MOVES)
    come = held_back(page, demo_server)
    page.get_by_role("button", name=re.compile("^Type")).hover()
    page.mouse.down()
    come(taken_over=False)
    page.locator("#rendered_cells .opsnb-console").wait_for(state="attached")
    page.wait_for_timeout(1_000)  # in which it would take over
    page.mouse.up()
    expect(page.get_by_role("combobox", name="Type: type to narrow")).to_be_focused()


def test_an_operation_is_there_early_too(page: Page, demo_server: Server) -> None:
    come = held_back(page, demo_server, "/system/ops/runs/42")
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    expect(page).to_have_title("Operation #42 · opsnb")
    page.keyboard.press("Escape")
    come()
    expect(rows(page)).to_have_count(50)
    assert where(page) == "/system/ops/runs"


def test_without_its_modules_the_front_end_draws_as_ever(page: Page, demo_server: Server, watch) -> None:
    watch.stop()  # the browser calls what does not come an error
    page.route("**/voila/parts/*", lambda route: route.abort())
    open_page(page, demo_server)
    expect(rows(page)).to_have_count(50)
    assert page.locator(LIVE).count() > 1


def test_what_its_widget_does_not_take_over_is_not_left_behind(page: Page, demo_server: Server) -> None:
    page.add_init_script(f"({HURRY})()")
    come = held_back(page, demo_server)
    rows(page).first.evaluate("row => { row.mine = true; }")
    page.evaluate(f"({NOT_THE_LIST})()")
    come()
    expect(rows(page)).to_have_count(50)
    assert page.evaluate("document.querySelector('a.ops-row').mine") is None
    expect(page.locator("nav.ops-nav")).to_have_count(1)
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
