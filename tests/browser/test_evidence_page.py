"""An evidence file in a browser without a network."""

import pytest
from playwright.sync_api import Page, expect

from consoles import VIEWER
from opsnb import connect


@pytest.mark.parametrize(("color_scheme", "width"), [("light", 1280), ("dark", 360), ("light", 360)], indirect=True)
def test_it_opens_offline_and_fits(page: Page, demo_database, tmp_path, color_scheme: str, width: int) -> None:
    ops = connect(str(demo_database), actor=VIEWER)
    retried = next(row.id for row in ops.failures(limit=500).rows if row.retried_as)
    file = ops.evidence(retried).save(tmp_path / "evidence.html")
    ops.close()
    page.context.set_offline(True)
    page.goto(file.as_uri())
    for name in ("Facts", "Timeline", "Lineage", "Audit", "Context"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[color_scheme]
    page.screenshot(path=tmp_path / "evidence.png", full_page=True)
