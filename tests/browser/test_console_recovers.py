"""A database that goes away is said in one sentence, and its return needs no reload."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER, open_page, rows, run_cell
from opsnb import schema
from opsnb.database import Database
from opsnb.settings import Settings
from support.history import ENTRY, VIEW, add_recent_run, add_user
from support.postgres import server as postgres_server


def refresh(page: Page) -> None:
    page.locator(".opsnb:visible").get_by_role("button", name="Refresh", exact=True).first.click()


@pytest.mark.parametrize("place", ["voila", "lab"])
def test_a_file_that_is_gone_and_comes_back(
    place: str, serve, lab, page: Page, demo_database: Path, tmp_path: Path
) -> None:
    database, aside = tmp_path / "runs.db", tmp_path / "aside.db"
    shutil.copy(demo_database, database)
    if place == "voila":
        open_page(page, serve(f"--database={database}", f"--actor={VIEWER}"))
    else:
        run_cell(page, lab(database, VIEWER))
    expect(rows(page)).to_have_count(50)
    database.write_bytes(b"this is no database " * 400)
    page.wait_for_timeout(5_500)
    refresh(page)
    alert = page.locator(".opsnb:visible").get_by_role("alert")
    expect(alert).to_contain_text("is damaged; restore it")
    expect(rows(page)).to_have_count(50)
    shutil.copy(demo_database, aside)
    aside.replace(database)
    refresh(page)
    expect(alert).to_have_count(0)
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()


def test_a_missing_database_is_named_and_the_page_recovers_when_it_is_there(
    serve, page: Page, demo_database: Path, tmp_path: Path
) -> None:
    database = tmp_path / "later.db"
    open_page(page, serve(f"--database={database}", f"--actor={VIEWER}"))
    expect(page.get_by_role("heading", name="The operations cannot be read")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(f"There is no database at {database}")
    shutil.copy(demo_database, database)
    page.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(50)


def test_postgresql_stopped_in_mid_session(serve, page: Page) -> None:
    with postgres_server() as running:
        database = Database(running.url(), Settings())
        schema.init(database)
        add_user(database, VIEWER, ENTRY, VIEW)
        add_recent_run(database, type="inventory.sync")
        database.close()
        open_page(page, serve(f"--database={running.url()}", f"--actor={VIEWER}"))
        expect(rows(page)).to_have_count(1)
        running.stop()
        refresh(page)
        alert = page.locator(".opsnb:visible").get_by_role("alert")
        expect(alert).to_contain_text("does not answer")
        expect(rows(page)).to_have_count(1)
        running.start()
        refresh(page)
        expect(alert).to_have_count(0)
        expect(rows(page)).to_have_count(1)
        rows(page).first.click()
        expect(page.get_by_role("heading", name="Facts")).to_be_visible()
