"""JupyterLab on the notebooks: where operators work."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from support.serving import Server


def test_a_notebook_runs_in_jupyterlab(page: Page, lab: Callable[..., Server], demo_database: Path) -> None:
    page.goto(lab(demo_database, "ada@contoso.example").home)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-CodeCell .jp-InputArea-prompt").click()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-OutputArea-output").get_by_role("heading", name="Operations").first).to_be_visible()
