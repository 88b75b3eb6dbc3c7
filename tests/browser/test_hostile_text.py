"""Whatever stands in the database is shown as text: in lists and detail, as a page and in JupyterLab."""

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER, open_page, rows, run_cell
from opsnb.database import Database
from support.history import ENTRY as ACCESS
from support.history import VIEW, add_recent_run, add_tenant, add_user, add_workspace, execute

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
NASTY = {
    "markup": MARKUP,
    "right-to-left": "abc\u202egnp.exe\u2066x",
    "null": "before\x00after",
    "long": "L" * 100_000,
    "quotes": "'\"`${alert(1)}\\",
    "separators": "line\nbreak\u2028and\u2029more\ttab",
    "prototype": "__proto__",
}
POLLUTING = {"__proto__": {"polluted": True}, "constructor": {"prototype": {"polluted": True}}}


@pytest.fixture
def hostile(sqlite: Database) -> Path:
    """One failed run for each nasty text, which stands in every text column and in the context."""
    add_user(sqlite, VIEWER, ACCESS, VIEW)
    for name, text in NASTY.items():
        workspace = add_workspace(sqlite, text)
        context = {
            text[:200]: text,
            "error": {"message": text},
            "list": [text, {"deep": text}],
            "name": name,
        } | POLLUTING
        add_recent_run(sqlite, type=text, initiator_name=text, outcome="failed", workspace_id=workspace,
                context=context, tenant_id=add_tenant(sqlite, workspace, text))  # fmt: skip
    execute(sqlite, "UPDATE operation_runs SET status = 'completed', context = 'no JSON <b>at all</b>' WHERE id = 6")
    return Path(str(sqlite.url.database))


def look_at_everything(page: Page) -> None:
    """Open every operation of the list in turn; nothing of what is shown may have become an element."""
    expect(rows(page)).to_have_count(len(NASTY))
    texts = "\n".join(page.locator("tbody tr").all_inner_texts())
    assert "<img src=x onerror=" in texts
    assert "before␀after" in texts
    assert "⟨U+202E⟩" in texts
    assert "\u202e" not in texts
    for index in range(len(NASTY)):
        rows(page).nth(index).click()
        expect(page.get_by_role("heading", name="Facts")).to_be_visible()
        for _ in range(3):  # what is unfolded may hold more to unfold
            page.evaluate("document.querySelectorAll('.ops-tree details').forEach((d) => { d.open = true; })")
            page.wait_for_timeout(50)
        page.locator(".opsnb:visible").get_by_role("link", name="Failed", exact=True).click()
        expect(rows(page)).to_have_count(len(NASTY))
    assert page.locator(".opsnb :is(img, script, b:not(.ops-num):not([dir]))").count() == 0
    assert page.locator(".opsnb a[href^='javascript:' i]").count() == 0
    assert "owned" not in page.title()
    assert page.evaluate("({}).polluted") is None


def test_hostile_text_is_text_on_a_published_page(hostile: Path, serve, page: Page) -> None:
    open_page(page, serve(f"--database={hostile}", f"--actor={VIEWER}"), "/system/ops/failures")
    look_at_everything(page)


def test_hostile_text_is_text_in_jupyterlab(hostile: Path, lab, page: Page) -> None:
    run_cell(page, lab(hostile, VIEWER), "failures.ipynb")
    look_at_everything(page)


def test_bytes_that_are_no_text_do_not_break_a_page(hostile: Path, serve, page: Page) -> None:
    with sqlite3.connect(hostile) as connection:
        connection.execute("UPDATE operation_runs SET initiator_name = CAST(x'ff00fe41' AS TEXT), type = x'0102'")
    connection.close()
    open_page(page, serve(f"--database={hostile}", f"--actor={VIEWER}"))
    expect(rows(page)).to_have_count(len(NASTY))
    rows(page).first.click()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
