"""Save evidence: from the button of an operation to a file on the reader's disk that opens without a network."""

from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import MANAGER, VIEWER, focused, offences, open_page, rows, run_cell
from opsnb import connect, demo
from opsnb.database import Database
from opsnb.settings import Settings
from support.history import execute
from support.serving import Server

SECRET = "hunter2-and-more"


@pytest.fixture
def secretive(tmp_path: Path) -> Path:
    """A demo in which the newest failure has a secret in its context."""
    path = tmp_path / "runs.db"
    made = Database(str(path), Settings())
    demo.prepare(made, datetime.now(UTC))
    with closing(connect(str(path), actor=VIEWER)) as ops:
        newest = ops.failures(limit=1).rows[0].id
    context = f'{{"error": {{"message": "no answer"}}, "params": {{"password": "{SECRET}"}}}}'
    execute(made, "UPDATE operation_runs SET context = :context WHERE id = :id", context=context, id=newest)
    made.close()
    return path


def test_the_file_is_what_was_on_screen(page: Page, watch, lab, secretive: Path, tmp_path: Path) -> None:
    run_cell(page, lab(secretive, MANAGER), "failures.ipynb")
    rows(page).first.click()
    expect(page.locator(".ops-v-masked:visible")).to_have_count(1)
    save = page.get_by_role("button", name="Save evidence")
    save.focus()
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    number = page.locator(".ops-id:visible").inner_text().split("#")[1]
    name = started.value.suggested_filename
    assert name.startswith(f"evidence-{number}-")
    file = tmp_path / name
    started.value.save_as(file)
    said = page.locator(".ops-saved:visible")
    expect(said).to_contain_text(f"Saved as {name}")
    expect(said.locator("code")).to_have_text(sha256(file.read_bytes()).hexdigest())
    expect(save).to_be_focused()
    assert focused(page) == "Save evidence"
    assert SECRET not in file.read_text(encoding="utf-8")
    assert offences(page) == []
    watch.stop()  # JupyterLab asks its server again and again, until the page is left
    page.context.set_offline(True)
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", name=f"Operation #{number}")).to_be_visible()
    assert page.evaluate("document.scripts.length") == 0
    page.context.set_offline(False)


def test_a_published_page_hands_out_no_file(page: Page, demo_server: Server) -> None:
    open_page(page, demo_server, "/system/ops/failures")
    rows(page).first.click()
    expect(page.get_by_role("button", name="Copy as Python").locator("visible=true")).to_have_count(1)
    expect(page.get_by_text("Save evidence")).to_have_count(0)
