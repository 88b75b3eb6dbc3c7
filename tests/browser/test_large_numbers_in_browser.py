"""Numbers of 19 digits in a browser, whose own numbers hold 53 bits: an id stays text all the way."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER, open_page, rows, where
from opsnb.database import Database
from support.history import ENTRY, VIEW, add_recent_run, add_user

FAILED, RETRY = 2**63 - 3, 2**63 - 2  # as numbers of JavaScript both would be 9223372036854775808


@pytest.fixture
def snowflakes(sqlite: Database) -> Path:
    add_user(sqlite, VIEWER, ENTRY, VIEW)
    add_recent_run(sqlite, id=FAILED, outcome="failed")
    add_recent_run(sqlite, id=RETRY, context={"triage": {"retry_of_run_id": FAILED}, "job": FAILED})
    return Path(str(sqlite.url.database))


def shows(page: Page, number: int) -> None:
    expect(page.locator(".ops-line:visible .ops-id")).to_have_text(f"Operation #{number}")
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    assert where(page) == f"/system/ops/runs/{number}"


def test_row_detail_and_lineage_keep_every_digit(snowflakes: Path, serve, page: Page) -> None:
    server = serve(f"--database={snowflakes}", f"--actor={VIEWER}")
    open_page(page, server)
    expect(rows(page)).to_have_count(2)
    assert {link.get_attribute("href") for link in rows(page).all()} == {
        f"/system/ops/runs/{n}" for n in (FAILED, RETRY)
    }
    row = page.locator(f'a.ops-row[data-id="{RETRY}"]')
    row.hover()
    row.click()
    shows(page, RETRY)
    expect(page.locator(".ops-context:visible")).to_contain_text(str(FAILED))
    page.get_by_role("link", name=f"#{FAILED}", exact=True).click()
    shows(page, FAILED)
    page.get_by_role("link", name=f"#{RETRY}", exact=True).click()
    shows(page, RETRY)
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.get_by_role("searchbox").fill(str(FAILED))
    expect(rows(page)).to_have_count(1)
    open_page(page, server, f"/system/ops/runs/{FAILED}")
    shows(page, FAILED)
