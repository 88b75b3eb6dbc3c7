"""Pages that follow the database without moving: a writer changes it, and the reader's row stays where it is."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from consoles import MANAGER, VIEWER, focused, open_page, rows, run_cell
from opsnb import schema
from opsnb.database import Database
from opsnb.ops import ACTOR_SECONDS
from opsnb.settings import Settings
from support.history import ENTRY, MANAGE, VIEW, add_run, add_runs, add_user, ago, execute
from support.postgres import server as postgres_server

ROWS = 40


def fill(database: Database) -> None:
    schema.init(database)
    add_user(database, VIEWER, ENTRY, VIEW)
    add_user(database, MANAGER, ENTRY, VIEW, MANAGE)
    add_runs(database, [{"outcome": "failed", "created_at": ago(minutes=n)} for n in range(2, ROWS + 2)])


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Database]:
    """A database of forty failures, and whoever goes on writing into it."""
    path = tmp_path / "runs.db"
    path.touch()
    database = Database(str(path), Settings())
    fill(database)
    yield database
    database.close()


def change(writer: Database, number: int, status: str, outcome: str) -> None:
    execute(writer, "UPDATE operation_runs SET status = :status, outcome = :outcome WHERE id = :id",
            status=status, outcome=outcome, id=number)  # fmt: skip


def open_list(page: Page, serve, writer: Database, name: str = "failures", every: str = "1s") -> None:
    server = serve(f"--database={writer.url.database}", f"--actor={VIEWER}", OPSNB_REFRESH=every)
    open_page(page, server, f"/system/ops/{name}")
    expect(rows(page)).to_have_count(ROWS)


def news(page: Page) -> Locator:
    return page.locator(".ops-news")


def banner(page: Page) -> Locator:
    return page.locator(".ops-stale:visible")


def as_of(page: Page) -> str:
    return page.locator(".ops-as-of:visible time").inner_text()


def await_refresh(page: Page, since: str | None = None) -> None:
    """Wait until what is shown is of a later second than now, or than `since`."""
    expect(page.locator(".ops-as-of:visible time")).not_to_have_text(since or as_of(page))


class Refreshes:
    """The refreshes that a page has asked its kernel for; `asked` counts them."""

    def __init__(self, page: Page) -> None:
        self.asked = 0
        self._page = page
        self._waits, self._as_of = False, ""
        page.on("websocket", self._listen)

    def wait_for_answer(self) -> None:
        """Wait until the page shows the answer to what it asked for last: only another one changes it after that."""
        while self._waits:
            self._page.wait_for_timeout(50)
        expect(self._page.locator(".ops-as-of:visible time")).to_have_attribute("datetime", self._as_of)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, frame: str | bytes) -> None:
        if b'"type":"refresh"' in (frame if isinstance(frame, bytes) else frame.encode()):
            self.asked += 1
            self._waits = True

    def _received(self, frame: str | bytes) -> None:
        if found := ANSWER.search(frame if isinstance(frame, bytes) else frame.encode()):
            self._waits, self._as_of = False, found[1].decode()


ANSWER = re.compile(rb'"fresh":\s*\{"as_of":\s*\{[^}]*"iso":\s*"([^"]+)"')


@pytest.fixture
def refreshes(page: Page) -> Refreshes:
    return Refreshes(page)


def places(page: Page) -> dict[str, object]:
    """Give the place of every row on screen, and the number under the pointer."""
    return page.evaluate(
        "() => ({ rows: [...document.querySelectorAll('tbody tr')].map(tr => {"
        " const { x, y, width, height } = tr.getBoundingClientRect();"
        " return [tr.querySelector('a').dataset.id, x, y, width, height]; }),"
        " pointed: document.querySelector('tbody tr:hover a')?.dataset.id })"
    )


@pytest.mark.parametrize("width", [1280, 360], indirect=True)
def test_no_row_moves_under_the_pointer_while_a_writer_writes(page: Page, serve, writer: Database, width: int) -> None:
    open_list(page, serve, writer)
    numbers = [row.get_attribute("data-id") for row in rows(page).all()[:5]]
    rows(page).nth(2).hover()
    before = places(page)
    assert before["pointed"] == numbers[2]
    add_runs(writer, [{"outcome": "failed", "created_at": ago(seconds=1)} for _ in range(7)])
    change(writer, int(numbers[0]), "running", "pending")
    mark = '{"triage": {"investigated": {"by": "Mona", "reason": "known", "at": "2026-11-23T13:00:00+00:00"}}}'
    execute(writer, "UPDATE operation_runs SET context = :mark WHERE id = :id", mark=mark, id=int(numbers[1]))
    expect(news(page)).to_have_text("↑ 7 new, 1 left")
    expect(page.locator(".ops-meta b")).to_have_text(str(ROWS + 7 - 1))
    left = page.locator("tr.ops-left")
    expect(left).to_have_count(1)
    expect(left).to_contain_text("Running")
    expect(left).to_contain_text("left this list")
    expect(rows(page).nth(1)).to_have_attribute("aria-label", re.compile("Investigated by Mona"))
    assert places(page) == before
    news(page).click()
    expect(rows(page)).to_have_count(ROWS + 7 - 1)
    expect(rows(page).first).to_be_focused()
    expect(left).to_have_count(0)
    expect(news(page)).to_be_hidden()


def test_the_focus_stays_on_a_row_that_changes(page: Page, serve, writer: Database) -> None:
    open_list(page, serve, writer, "runs")
    rows(page).first.focus()
    number = rows(page).first.get_attribute("data-id")
    execute(writer, "UPDATE operation_runs SET outcome = 'blocked' WHERE id = :id", id=int(number))
    expect(page.locator("tbody tr").first).to_contain_text("Blocked")
    assert focused(page).startswith(f"Operation #{number}, ")
    expect(page.locator("tbody tr a").first).to_have_attribute("aria-label", re.compile("Blocked"))


def test_what_is_new_is_told_once_to_a_screen_reader(page: Page, serve, writer: Database) -> None:
    open_list(page, serve, writer)
    page.evaluate(
        "() => { window.heard = []; const live = document.querySelector('.ops-pager ~ [role=status]');"
        " new MutationObserver(() => window.heard.push(live.textContent)).observe(live, { childList: true }); }"
    )
    for count in (3, 5):
        add_runs(writer, [{"outcome": "failed", "created_at": ago(seconds=1)} for _ in range(count)])
        expect(news(page)).to_have_text("↑ 3 new" if count == 3 else "↑ 8 new")
    await_refresh(page)
    assert page.evaluate("window.heard") == ["3 new operations"]


def test_the_number_of_stuck_ones_in_the_navigation_follows(page: Page, serve, writer: Database) -> None:
    open_list(page, serve, writer)
    expect(page.locator(".ops-nav .ops-count")).to_have_count(0)
    add_runs(writer, [{"status": "queued", "created_at": ago(hours=9)} for _ in range(2)])
    expect(page.locator(".ops-nav .ops-count")).to_have_text("2")


def test_a_page_that_nobody_sees_asks_for_nothing_and_catches_up(
    page: Page, serve, writer: Database, refreshes: Refreshes
) -> None:
    open_list(page, serve, writer)
    await_refresh(page)
    # Headless Chromium never hides a page, so the page is told that it is hidden, as a browser would tell it.
    page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.away })")
    tell = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(tell, True)
    refreshes.wait_for_answer()
    shown, asked = as_of(page), refreshes.asked
    assert asked > 0
    add_run(writer, outcome="failed", created_at=ago(seconds=1))
    page.wait_for_timeout(3_500)
    assert (as_of(page), refreshes.asked) == (shown, asked)
    expect(news(page)).to_be_hidden()
    page.evaluate(tell, False)
    expect(news(page)).to_have_text("↑ 1 new")


def test_a_list_stands_still_while_somebody_chooses_a_filter(
    page: Page, serve, writer: Database, refreshes: Refreshes
) -> None:
    open_list(page, serve, writer)
    await_refresh(page)  # what a page asks for before its front end has come is sent when it comes
    page.get_by_role("button", name=re.compile("^Type")).click()
    expect(page.locator(".ops-as-of:visible")).to_contain_text("paused while a filter is open")
    refreshes.wait_for_answer()
    shown = as_of(page)
    page.wait_for_timeout(3_000)
    assert as_of(page) == shown
    expect(page.get_by_role("combobox", name="Type: type to narrow")).to_be_focused()
    page.keyboard.press("Escape")
    await_refresh(page)


def test_a_page_that_nobody_touches_is_read_less_often(
    page: Page, serve, writer: Database, refreshes: Refreshes
) -> None:
    open_list(page, serve, writer)
    page.mouse.move(200, 200)
    await_refresh(page)
    now = "minutes => { const real = Date.now.bind(Date); Date.now = () => real() + minutes * 60_000; }"
    asked = refreshes.asked
    page.evaluate(now, 10)  # ten minutes pass without a pointer or key
    while refreshes.asked == asked:  # what was due meanwhile
        page.wait_for_timeout(50)
    refreshes.wait_for_answer()
    shown = as_of(page)
    page.wait_for_timeout(4_000)
    assert as_of(page) == shown
    page.mouse.move(300, 300)
    for _ in range(3):
        await_refresh(page)


def test_a_locked_file_is_said_and_recovers_by_itself(page: Page, serve, writer: Database) -> None:
    writer.close()
    with closing(sqlite3.connect(str(writer.url.database))) as file:
        file.execute("PRAGMA journal_mode = DELETE")  # with a log of its own, a writer would lock out no reader
    database, actor = f"--database={writer.url.database}", f"--actor={VIEWER}"
    server = serve(database, actor, OPSNB_REFRESH="1s", OPSNB_LOCK_TIMEOUT="1s")
    open_page(page, server, "/system/ops/failures")
    expect(rows(page)).to_have_count(ROWS)
    rows(page).nth(3).hover()
    before = places(page)
    with closing(sqlite3.connect(str(writer.url.database), isolation_level=None, timeout=20)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        expect(banner(page).get_by_role("alert")).to_contain_text("the database has not answered since")
        expect(banner(page)).to_contain_text("is locked by another process")
        expect(banner(page)).to_contain_text(re.compile(r"Trying again"))
        assert places(page) == before
        lock.execute("ROLLBACK")
    expect(banner(page)).to_have_count(0)
    add_run(writer, outcome="failed", created_at=ago(seconds=1))
    expect(news(page)).to_have_text("↑ 1 new")
    assert places(page) == before


def test_a_stopped_server_is_said_and_recovers_by_itself(page: Page, serve) -> None:
    with postgres_server() as running:
        database = Database(running.url(), Settings())
        fill(database)
        database.close()
        server = serve(f"--database={running.url()}", f"--actor={VIEWER}", OPSNB_REFRESH="1s")
        open_page(page, server, "/system/ops/failures")
        expect(rows(page)).to_have_count(ROWS)
        running.stop()
        expect(banner(page)).to_contain_text("the database has not answered since")
        expect(rows(page)).to_have_count(ROWS)
        running.start()
        banner(page).get_by_role("button", name="Try now").click()
        expect(banner(page)).to_have_count(0)
        await_refresh(page)


@pytest.fixture
def live(writer: Database) -> int:
    """A running operation."""
    return add_run(writer, status="running", created_at=ago(minutes=1), started_at=ago(seconds=50),
                   context={"progress": {"done": 1}})  # fmt: skip


def finish(writer: Database, number: int) -> None:
    execute(
        writer,
        "UPDATE operation_runs SET status = 'completed', outcome = 'failed', completed_at = :now WHERE id = :id",
        now=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}", id=number,
    )  # fmt: skip


def test_a_live_operation_is_followed_to_its_end(
    page: Page, serve, writer: Database, live: int, refreshes: Refreshes
) -> None:
    server = serve(f"--database={writer.url.database}", f"--actor={VIEWER}", OPSNB_REFRESH="1s")
    open_page(page, server, f"/system/ops/runs/{live}")
    line = page.locator(".ops-line:visible")
    expect(line).to_contain_text("Running")
    page.locator(".ops-context summary").first.click()
    expect(page.locator("article dl").first).to_contain_text("so far")
    context = page.locator(".ops-context")
    page.evaluate("document.querySelector('.ops-context').mine = true")
    await_refresh(page)
    assert page.evaluate("document.querySelector('.ops-context').mine")
    finish(writer, live)
    expect(line).to_contain_text("Completed")
    expect(page.locator(".ops-time:visible")).to_contain_text("Completed")
    expect(page.locator(".ops-verdict.ops-error")).to_be_visible()
    expect(context).to_be_visible()
    expect(page.locator("article ~ [role=status]").first).to_have_text(f"Operation #{live}: Completed, Failed")
    refreshes.wait_for_answer()
    shown = as_of(page)
    page.wait_for_timeout(3_000)
    assert as_of(page) == shown


def test_what_is_typed_is_kept_when_the_operation_goes_on(page: Page, lab, writer: Database, live: int) -> None:
    settings = Path(str(writer.url.database)).parent / "notebooks" / "opsnb.toml"
    settings.parent.mkdir()
    settings.write_text('refresh = "1s"')
    run_cell(page, lab(writer.url.database, MANAGER))
    page.get_by_role("searchbox", name="Find an operation").fill(f"#{live}")
    expect(rows(page)).to_have_count(1)
    rows(page).first.click()
    mark = page.locator(".ops-acts").get_by_role("button", name="Mark investigated", exact=True)
    expect(mark).to_be_visible()
    mark.click()
    field = page.get_by_role("textbox", name="Reason")
    field.fill("half a sen")
    expect(page.locator(".ops-as-of:visible")).to_contain_text("paused while a question is open")
    finish(writer, live)
    expect(page.locator(".ops-changed")).to_contain_text(
        f"Operation #{live} has changed since: it is completed as failed"
    )
    expect(field).to_have_value("half a sen")
    expect(field).to_be_focused()
    expect(page.locator(".ops-line:visible")).to_contain_text("Running")
    page.keyboard.press("Escape")
    expect(page.locator(".ops-line:visible")).to_contain_text("Completed")


SLOW = """import threading
asked, answer, update = threading.Event(), threading.Event(), ops.update
ops.update = lambda *page, **filters: (asked.set(), answer.wait(60), update(*page, **filters))[-1]"""


def test_cells_run_while_the_database_is_slow_for_the_page(page: Page, lab, writer: Database) -> None:
    settings = Path(str(writer.url.database)).parent / "notebooks" / "opsnb.toml"
    settings.parent.mkdir()
    settings.write_text('refresh = "1s"')
    run_cell(page, lab(writer.url.database, VIEWER))
    expect(rows(page)).to_have_count(ROWS)
    page.get_by_role("button", name="Click to add a cell.").click()
    shown = page.locator(".jp-OutputArea-output[data-mime-type*='stdout']").last

    def run(code: str) -> None:
        page.locator(".jp-CodeCell").last.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
        page.keyboard.press("Control+Enter")

    run(f"{SLOW}\nprint('slow')")
    expect(shown).to_have_text("slow")
    for number in range(30):  # until a read stands still that only a cell can let go on
        run(f"print({number}, asked.is_set())")
        expect(shown).to_have_text(re.compile(f"^{number} "))
        if shown.inner_text().endswith("True"):
            break
    late = as_of(page)
    run("print(6 * 7, answer.is_set())")
    expect(shown).to_have_text("42 False")
    assert as_of(page) == late
    run("answer.set()")
    await_refresh(page, late)  # the next one comes much later: the page leaves ten times the time that a read took


def test_a_kernel_that_was_started_again_is_said(page: Page, lab, writer: Database) -> None:
    run_cell(page, lab(writer.url.database, VIEWER))
    expect(rows(page)).to_have_count(ROWS)
    page.get_by_role("menuitem", name="Kernel").click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(banner(page)).to_contain_text("Run the cell again")
    expect(rows(page)).to_have_count(ROWS)


def test_the_next_page_is_shown_before_its_answer_and_gives_way_to_it(page: Page, serve, writer: Database) -> None:
    heard: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    server = serve(f"--database={writer.url.database}", f"--actor={VIEWER}", OPSNB_PAGE_SIZE="15", OPSNB_REFRESH="0")
    open_page(page, server, "/system/ops/runs")
    expect(rows(page)).to_have_count(15)
    while not any(b'"ahead"' in frame for frame in heard if isinstance(frame, bytes)):
        page.wait_for_timeout(50)
    first = page.locator("tbody tr:visible").filter(has=page.locator("a.ops-row")).first
    number = int(rows(page).last.get_attribute("data-id")) + 1
    (kernel,) = server.kernels()
    kernel.suspend()
    try:
        page.get_by_role("button", name="Older ›").click()
        expect(first).to_contain_text(f"Operation #{number}")
        expect(first).to_contain_text("Failed")
        expect(rows(page).first).to_be_focused()
        expect(page.locator(".opsnb[aria-busy]:visible")).to_have_count(1)
        execute(writer, "UPDATE operation_runs SET outcome = 'blocked' WHERE id = :id", id=number)
    finally:
        kernel.resume()
    expect(first).to_contain_text("Blocked")
    expect(first).to_contain_text(f"Operation #{number}")
    expect(rows(page).first).to_be_focused()
    expect(page.locator(".ops-pager:visible .ops-num")).to_contain_text("16–30")
    expect(page.locator(".opsnb[aria-busy]:visible")).to_have_count(0)


def test_a_pressed_operation_is_shown_before_its_answer_and_gives_way_to_it(
    page: Page, serve, writer: Database
) -> None:
    writer.close()
    with closing(sqlite3.connect(str(writer.url.database))) as file:
        file.execute("PRAGMA journal_mode = DELETE")  # so that it can be locked
    heard: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    server = serve(f"--database={writer.url.database}", f"--actor={VIEWER}", OPSNB_REFRESH="0", OPSNB_LOCK_TIMEOUT="1s")
    open_page(page, server, "/system/ops/runs")
    expect(rows(page)).to_have_count(ROWS)
    number, detail = rows(page).nth(3).get_attribute("data-id"), page.locator("article:visible")
    page.locator("article .ops-slot").wait_for(state="attached")  # the part that shows it
    rows(page).nth(3).hover(force=True)
    page.mouse.down()
    while not any(
        b'"foreseen"' in frame and f"ops/runs/{number}".encode() in frame for frame in heard if isinstance(frame, bytes)
    ):
        page.wait_for_timeout(50)
    (kernel,) = server.kernels()
    kernel.suspend()
    try:
        page.mouse.up()
        expect(detail.locator(".ops-page")).to_contain_text(f"Operation #{number}")
        expect(detail.locator(".ops-page")).to_contain_text("Failed")
        expect(detail.get_by_text("Timeline")).to_be_visible()
        expect(detail.get_by_role("heading", level=1)).to_be_focused()
        expect(page.locator(".opsnb[aria-busy]:visible")).to_have_count(1)
        expect(detail.get_by_role("button", name="Copy as Python")).to_have_count(0)
        execute(writer, "UPDATE operation_runs SET outcome = 'blocked' WHERE id = :id", id=number)
    finally:
        kernel.resume()
    expect(detail.locator(".ops-page")).to_contain_text("Blocked")
    expect(detail.get_by_role("button", name="Copy as Python")).to_be_visible()
    expect(page.locator(".opsnb[aria-busy]:visible")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(rows(page).nth(3)).to_be_focused()
    rows(page).nth(4).focus()
    while sum(b'"foreseen"' in frame for frame in heard if isinstance(frame, bytes)) < 3:
        page.wait_for_timeout(50)
    with closing(sqlite3.connect(str(writer.url.database), isolation_level=None, timeout=20)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        page.wait_for_timeout(ACTOR_SECONDS * 1000 + 500)  # then the right to see is looked up again
        page.keyboard.press("Enter")
        expect(banner(page)).to_contain_text("is locked by another process")
        expect(rows(page).nth(4)).to_be_focused()
        lock.execute("ROLLBACK")
