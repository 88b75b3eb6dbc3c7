"""Retry, cancel and mark investigated in JupyterLab: by mouse, by keyboard alone, refused, and beaten to it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import opsnb
from consoles import MANAGER, focused, rows, run_cell
from opsnb.ops import Ops
from opsnb.triage import Allowed

REASON = "<b>Directory</b> throttled us 🐢; fixed"


@pytest.fixture
def other(demo_database: Path, tmp_path: Path) -> Iterator[Ops]:
    """A second operator on a copy of the demo."""
    database = tmp_path / "triage.db"
    shutil.copy(demo_database, database)
    ops = opsnb.connect(str(database), actor=MANAGER)
    yield ops
    ops.close()


@pytest.fixture
def failed(other: Ops) -> int:
    """A failed operation that may be retried and never was."""
    rows_ = other.failures(limit=500).rows
    return next(
        row.id for row in rows_ if row.type == "inventory.sync" and row.retried_as is None and not row.investigated_by
    )


@pytest.fixture
def running(other: Ops) -> int:
    """A running operation that may be canceled."""
    return next(row.id for row in other.runs(status="running").rows if other.decide("cancel", row.id) == Allowed())


@pytest.fixture
def lab_page(lab, other: Ops, page: Page) -> Page:
    run_cell(page, lab(Path(str(other.database.url.database)), MANAGER))
    expect(rows(page)).to_have_count(50)
    return page


def visit(page: Page, number: int) -> None:
    search = page.get_by_role("searchbox", name="Find an operation")
    search.fill(f"#{number}")
    expect(rows(page)).to_have_count(1)
    search.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(acts(page)).to_have_count(3)


def acts(page: Page):
    return page.locator(".ops-acts button:visible")


def act(page: Page, name: str):
    return page.locator(".ops-acts").get_by_role("button", name=name, exact=True)


def said(page: Page):
    return page.locator(".ops-said:visible")


def test_all_three_acts_by_mouse(lab_page: Page, other: Ops, failed: int, running: int) -> None:
    page = lab_page
    visit(page, failed)
    assert acts(page).all_inner_texts() == ["Retry", "Cancel", "Mark investigated"]
    expect(act(page, "Cancel")).to_have_attribute("aria-disabled", "true")
    expect(act(page, "Cancel")).to_have_attribute("title", re.compile(f"^Operation #{failed} was completed as failed"))
    act(page, "Retry").click()
    expect(said(page)).to_contain_text("Retried as Operation #")
    new = other.runs(limit=1).rows[0]
    assert (new.retry_of, new.status) == (failed, "queued")
    expect(act(page, "Retry")).to_have_attribute("aria-disabled", "true")
    said(page).get_by_role("link", name=f"Operation #{new.id}").click()
    expect(page.locator(".ops-line:visible")).to_contain_text(f"Operation #{new.id}")
    visit_back(page)
    visit(page, running)
    act(page, "Cancel").click()
    expect(page.locator(".ops-ask")).to_contain_text(f"Operation #{running} is running as of")
    page.get_by_role("heading", name="Facts").click()
    expect(page.locator(".ops-ask")).to_have_count(0)
    assert other.run(running).status == "running"
    act(page, "Cancel").click()
    page.get_by_role("button", name="Cancel operation").click()
    expect(said(page)).to_have_text(f"Operation #{running} is canceled.")
    expect(page.locator(".ops-line:visible")).to_contain_text("Failed")
    expect(page.locator(".ops-time:visible")).to_contain_text("Canceled by Ada Byron")
    assert other.run(running).outcome == "failed"


def visit_back(page: Page) -> None:
    page.locator(".opsnb:visible").get_by_role("link", name="Show all operations").click()
    expect(rows(page)).to_have_count(50)


def test_mark_investigated_by_keyboard_alone(lab_page: Page, other: Ops, failed: int) -> None:
    page = lab_page
    visit(page, failed)
    act(page, "Mark investigated").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Reason")
    expect(field).to_be_focused()
    page.keyboard.type("  abc ")
    expect(page.locator(".ops-ask")).to_contain_text("3 / 500")
    page.keyboard.press("Enter")
    expect(page.locator(".ops-wrong")).to_have_text("The reason must have at least 5 characters; it has 3.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert other.run(failed).audit() == []
    page.keyboard.press("Escape")
    expect(page.locator(".ops-ask")).to_have_count(0)
    expect(act(page, "Mark investigated")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_have_value("  abc ")
    field.fill("x" * 501)
    expect(page.locator(".ops-ask")).to_contain_text("501 / 500")
    page.keyboard.press("Enter")
    expect(page.locator(".ops-wrong")).to_have_text("The reason must have at most 500 characters; it has 501.")
    field.fill(REASON)
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text(f"Operation #{failed} is marked investigated.")
    expect(said(page)).to_be_focused()
    expect(page.locator(".ops-verdict.ops-success:visible")).to_contain_text(REASON)
    assert other.run(failed).context["triage"]["investigated"]["reason"] == REASON
    visit_back(page)
    page.get_by_role("searchbox", name="Find an operation").fill(f"#{failed}")
    expect(rows(page)).to_have_count(1)
    expect(page.locator("tbody .ops-c-outcome:visible")).to_contain_text("Investigated by Ada Byron")


def test_a_retry_that_is_unusual_is_confirmed_by_keyboard(lab_page: Page, other: Ops, failed: int) -> None:
    page = lab_page
    other.mark_investigated(failed, reason="known, no retry needed")
    visit(page, failed)
    act(page, "Retry").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ops-ask")).to_contain_text("It was marked investigated by Ada Byron")
    assert focused(page) == "Retry anyway"
    page.keyboard.press("Escape")
    expect(act(page, "Retry")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".ops-ask")).to_be_visible()
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("Retried as Operation #")
    assert other.runs(limit=1).rows[0].retry_of == failed


def test_somebody_else_acts_first(lab_page: Page, other: Ops, failed: int, running: int) -> None:
    page = lab_page
    visit(page, failed)
    new = other.retry(failed).id
    act(page, "Retry").click()
    expect(said(page)).to_contain_text(f"was already retried by Ada Byron as Operation #{new}")
    expect(page.get_by_role("link", name=f"#{new}").first).to_be_visible()
    assert [row.id for row in other.runs(limit=5).rows if row.retry_of == failed] == [new]
    visit_back(page)
    visit(page, running)
    act(page, "Cancel").click()
    expect(page.locator(".ops-ask")).to_be_visible()
    other.cancel(running)
    page.get_by_role("button", name="Cancel operation").click()
    expect(said(page)).to_contain_text(f"Operation #{running} was canceled by Ada Byron")
    expect(act(page, "Cancel")).to_have_attribute("aria-disabled", "true")
    assert [entry.status for entry in other.run(running).audit()] == ["success", "refused"]


def test_a_second_browser_acts_first(lab, other: Ops, failed: int, context, page: Page) -> None:
    server = lab(Path(str(other.database.url.database)), MANAGER)
    second = context.new_page()
    for one, notebook in ((page, "runs.ipynb"), (second, "failures.ipynb")):
        run_cell(one, server, notebook)
        expect(rows(one)).to_have_count(50)
        visit(one, failed)
    act(second, "Retry").click()
    expect(said(second)).to_contain_text("Retried as Operation #")
    new = other.runs(limit=1).rows[0].id
    act(page, "Retry").click()
    expect(said(page)).to_contain_text(f"was already retried by Ada Byron as Operation #{new}")
    act(second, "Mark investigated").click()
    second.get_by_role("textbox", name="Reason").fill("the second browser was first")
    second.keyboard.press("Enter")
    expect(said(second)).to_have_text(f"Operation #{failed} is marked investigated.")
    act(page, "Mark investigated").click()
    expect(said(page)).to_contain_text("was already marked investigated by Ada Byron")
    expect(page.locator(".ops-verdict.ops-success:visible")).to_contain_text("the second browser was first")
    assert [entry.status for entry in other.run(failed).audit()] == ["success", "refused", "success"]


def test_an_act_is_sent_once_however_often_it_is_clicked(lab_page: Page, other: Ops, failed: int) -> None:
    page = lab_page
    visit(page, failed)
    page.evaluate("for (let i = 0; i < 5; i += 1) document.querySelector('.ops-acts button').click()")
    expect(said(page)).to_contain_text("Retried as Operation #")
    assert [entry.status for entry in other.run(failed).audit()] == ["success"]
