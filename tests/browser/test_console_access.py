"""Who may not view gets a clear panel, and not a row of data in the browser, whatever is asked over the socket."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from consoles import open_page, rows
from opsnb.database import Database
from opsnb.settings import Settings
from support.history import set_capabilities

OUTSIDER = "nora@contoso.example"
MARKS = ("Contoso", "Fabrikam", "Northwind", "Sync device inventory", "inventory.sync")


class Traffic:
    """Everything the browser received: pages, files of the server's own, and socket messages."""

    def __init__(self, page: Page) -> None:
        self.received: list[str] = []
        page.on("websocket", self._socket)
        page.on("response", lambda response: self._page(response))

    def _socket(self, socket: WebSocket) -> None:
        socket.on(
            "framereceived",
            lambda frame: self.received.append(frame if isinstance(frame, str) else frame.decode("utf-8", "replace")),
        )

    def _page(self, response) -> None:
        if response.url.partition("?")[0].endswith(("/runs", "/failures", "/stuck", "/runbooks", "/42")):
            self.received.append(response.text())

    def rows(self) -> list[str]:
        """Give the marks of data that came through; no code of the widgets holds any of them."""
        return [mark for mark in MARKS if any(mark in text for text in self.received)]


@pytest.mark.parametrize(
    ("who", "path"), [(OUTSIDER, "runs"), (OUTSIDER, "runs/42"), ("stranger@nowhere.example", "failures")]
)
def test_no_row_reaches_the_browser_of_somebody_without_view(
    serve, page: Page, demo_database: Path, who: str, path: str
) -> None:
    traffic = Traffic(page)
    open_page(page, serve(f"--database={demo_database}", f"--actor={who}"), f"/system/ops/{path}")
    expect(page.get_by_role("heading", name="No access")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="No access")).to_be_visible()
    assert traffic.received, "the socket was watched"
    assert traffic.rows() == []


def test_the_watch_on_the_traffic_can_see_rows(page: Page, demo_server) -> None:
    traffic = Traffic(page)
    open_page(page, demo_server)
    expect(rows(page)).to_have_count(50)
    assert {"Contoso", "Sync device inventory"} <= {*traffic.rows()}


def test_a_right_taken_away_takes_the_rows_away(serve, page: Page, demo_database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(demo_database.read_bytes())
    open_page(page, serve(f"--database={copy}", "--actor=victor@contoso.example"))
    expect(rows(page)).to_have_count(50)
    database = Database(str(copy), Settings())
    set_capabilities(database, "victor@contoso.example", [])
    page.wait_for_timeout(5_500)  # an actor is known for five seconds
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("heading", name="No access")).to_be_visible()
    expect(page.locator("a.ops-row")).to_have_count(0)
    set_capabilities(
        database, "victor@contoso.example", json.loads('["platform.access_system_panel", "platform.operations.view"]')
    )
    database.close()
    page.wait_for_timeout(5_500)
    page.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(50)
