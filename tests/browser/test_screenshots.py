"""The pictures of the documentation: `make screenshots` keeps them, an ordinary run proves that it could."""

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from consoles import MANAGER, VIEWER, open_page, rows, run_cell
from opsnb import connect
from opsnb.database import Database
from opsnb.settings import Settings
from support.history import add_runs
from support.serving import Server

DOCS = Path(__file__).parents[2] / "docs" / "images"
EDGE = 10
COLOURS = 64
FAILURES = "/system/ops/failures?since=7d&search=@"

Picture = Callable[..., None]


@pytest.fixture
def picture(page: Page, tmp_path: Path) -> Picture:
    """Take a picture of some parts of the page, in few colours, since nobody reads documentation for its weight."""
    folder = DOCS if os.environ.get("OPSNB_TEST_KEEP_SCREENSHOTS") else tmp_path / "images"
    folder.mkdir(parents=True, exist_ok=True)

    def take(name: str, *parts: Locator) -> None:
        boxes = [place(part) for part in parts]
        left, top = (min(box[side] for box in boxes) - EDGE for side in "xy")
        right = max(box["x"] + box["width"] for box in boxes) + EDGE
        bottom = max(box["y"] + box["height"] for box in boxes) + EDGE
        clip = {"x": max(0, left), "y": max(0, top), "width": right - max(0, left), "height": bottom - max(0, top)}
        shot = Image.open(BytesIO(page.screenshot(clip=clip, animations="disabled"))).convert("RGB")
        file = folder / f"{name}.png"
        shot.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
        assert len(shot.getcolors(1 << 24)) > 8, "an empty page has fewer colours"
        assert file.stat().st_size < 150_000

    return take


def place(part: Locator) -> FloatRect:
    """Give where a part is; it may be drawn anew between two looks."""
    for _ in range(20):
        expect(part).to_be_visible()
        if found := part.bounding_box():
            return found
    raise AssertionError("it is never there for two looks")


def row(page: Page, number: int) -> Locator:
    return rows(page).nth(number).locator("xpath=ancestor::tr")


def settled(page: Page) -> None:
    """Wait for what comes after the rows, and take the pointer away."""
    expect(page.locator(".ops-meta:visible b")).to_be_visible()
    expect(page.locator(".ops-bars:visible a").first).to_be_visible()
    expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
    page.mouse.move(2, 2)


@pytest.mark.parametrize("width", [1100], indirect=True)
def test_pictures_of_the_site(
    page: Page, demo_server: Server, demo_database: Path, picture: Picture, width: int
) -> None:
    ops = connect(str(demo_database), actor=VIEWER)
    retried = max(
        (row.id for row in ops.failures(limit=500).rows if row.retried_as),
        key=lambda n: (len(ops.run(n).lineage()), len(ops.run(n).timeline())),
    )
    stuck = next(row.id for row in ops.stuck(status="running").rows if ops.run(row.id).stuck.norm)
    ops.close()
    page.set_viewport_size({"width": width, "height": 1700})
    open_page(page, demo_server, FAILURES)
    settled(page)
    picture("failures-light", page.locator(".ops-nav"), row(page, 9))
    picture("activity", page.locator(".ops-activity:visible"))
    page.get_by_role("button", name=re.compile("Show .* groups")).click()
    picture("groups", page.locator(".ops-groups .ops-reading"), page.locator(".ops-card").nth(5))
    page.get_by_role("button", name="Unhandled only").click()
    expect(page.locator(".ops-meta:visible")).to_contain_text("handled")
    settled(page)
    picture("unhandled", page.locator(".ops-filters:visible"), row(page, 3))
    page.get_by_role("button", name="Keyboard shortcuts").click()
    picture("keys", page.locator(".ops-nav"), page.get_by_role("region", name="Keyboard shortcuts"))
    open_page(page, demo_server, f"/system/ops/runs/{stuck}")
    picture("stuck", page.locator("article:visible .ops-page"), page.locator(".ops-verdict:visible"))
    open_page(page, demo_server, f"/system/ops/runs/{retried}")
    expect(page.locator(".ops-after .ops-bars a").first).to_be_visible()
    picture("timeline", page.locator(".ops-time:visible").locator("xpath=ancestor::section"))
    picture("history", page.locator(".ops-after"))
    page.emulate_media(color_scheme="dark")
    picture(
        "operation-dark", page.locator(".ops-nav"), page.locator(".ops-after"), page.locator(".ops-context:visible")
    )


def test_picture_of_a_list_that_goes_on(
    page: Page, serve, demo_database: Path, tmp_path: Path, picture: Picture
) -> None:
    copy = shutil.copy(demo_database, tmp_path / "runs.db")
    server = serve(f"--database={copy}", f"--actor={VIEWER}", OPSNB_REFRESH="1s")
    open_page(page, server, "/system/ops/failures")
    settled(page)
    writer, now = Database(str(copy), Settings()), datetime.now(UTC)
    add_runs(writer, [{"outcome": "failed", "created_at": now - timedelta(milliseconds=n)} for n in range(7)])
    writer.close()
    expect(page.locator(".ops-news")).to_have_text("↑ 7 new")
    picture("refresh", page.locator(".ops-meta:visible"), row(page, 2))


@pytest.mark.parametrize(("zone", "width"), [("Asia/Tokyo", 1280)], indirect=True)
def test_pictures_of_jupyterlab(page: Page, lab, demo_database: Path, picture: Picture, zone: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1500})
    run_cell(page, lab(demo_database, MANAGER), "failures.ipynb")
    page.get_by_role("searchbox", name="Find an operation").fill("@")
    expect(page.get_by_role("button", name="Clear filters")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Times are in UTC").click()
    page.mouse.move(2, 2)
    picture("times", page.locator(".ops-nav"), row(page, 2))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Unhandled only").click()
    expect(page.locator(".ops-meta:visible")).to_contain_text("hidden")
    expect(rows(page).first).to_be_visible()
    copy = page.locator(".ops-python:visible")
    copy.click()
    expect(copy).to_have_text("Copied")
    line = page.evaluate("navigator.clipboard.readText()")
    rows(page).first.click()
    save = page.get_by_role("button", name="Save evidence")
    with page.expect_download():
        save.click()
    picture(
        "evidence",
        page.locator(".ops-ways:visible"),
        page.locator(".ops-line:visible"),
        page.locator(".ops-acts:visible"),
    )
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Click to add a cell.").click()
    page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.insert_text(f"{line}[['id', 'label', 'error', 'created_at']].head(3)")
    page.keyboard.press("Control+Enter")
    cell = page.locator(".jp-CodeCell").last
    expect(cell.locator("table")).to_be_visible()
    cell.scroll_into_view_if_needed()
    picture("python", cell)
