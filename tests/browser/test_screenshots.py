"""The pictures of the documentation: `make screenshots` keeps them, an ordinary run proves that it could."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from consoles import open_page, rows
from support.serving import Server

DOCS = Path(__file__).parents[2] / "docs" / "images"
SHOTS = {"failures": "/system/ops/failures?since=7d&search=@", "operation": "/system/ops/failures?since=7d&search=@"}


@pytest.mark.parametrize("color_scheme", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("name", SHOTS)
def test_a_picture_of(name: str, page: Page, demo_server: Server, color_scheme: str, tmp_path: Path) -> None:
    open_page(page, demo_server, SHOTS[name])
    expect(page.locator(".ops-meta b")).to_be_visible()
    expect(page.locator(".ops-count")).to_be_visible()
    if name == "operation":
        rows(page).nth(1).click()
        expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    folder = DOCS if os.environ.get("OPSNB_TEST_KEEP_SCREENSHOTS") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"{name}-{color_scheme}.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 20_000, "an empty page makes a smaller picture"
