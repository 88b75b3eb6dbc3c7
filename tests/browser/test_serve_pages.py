"""The pages as a browser gets them, around whatever their notebooks show."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.serving import Server, serving_notebooks, write_notebooks

COUNTER = '''
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
      const button = document.createElement("button");
      const say = () => { button.textContent = `clicked ${model.get("n")}`; };
      button.onclick = () => model.send({});
      model.on("change:n", say); say(); el.append(button); } };"""
    n = traitlets.Int(0).tag(sync=True)
counter = Counter()
counter.on_msg(lambda *_: setattr(counter, "n", counter.n + 1))
counter
'''


def counting(folder: Path) -> AbstractContextManager[Server]:
    slow = "import time; time.sleep(2)" + COUNTER
    refused = "import opsnb\nopsnb.connect(now='<i>tea</i>')"
    pages = {"runs": COUNTER, "run": COUNTER, "stuck": slow, "failures": "1 / 0", "runbooks": refused}
    notebooks = write_notebooks(folder / "notebooks", **pages)
    return serving_notebooks(folder, notebooks)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with counting(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """A server without a kernel: closing a browser's profile cuts off what its last pages had to say to theirs."""
    with counting(tmp_path) as running:
        yield running


def button(page: Page, n: int = 0):
    return page.get_by_role("button", name=f"clicked {n}")


def test_a_widget_works(page: Page, server: Server) -> None:
    page.goto(server.home)
    button(page, 0).click()
    button(page, 1).click()
    expect(button(page, 2)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("clicked 2")
    assert page.title() == "Operations · opsnb"


def test_the_page_is_calm_until_there_is_something_to_see(page: Page, server: Server) -> None:
    page.goto(f"{server.root}/system/ops/stuck", wait_until="commit")
    loading = page.get_by_role("heading", name="Loading operations…")
    expect(loading).to_be_visible(timeout=3000)
    expect(button(page)).to_be_visible()
    expect(loading).to_be_hidden()


@pytest.mark.parametrize(("color_scheme", "color"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(15, 18, 22)")],
                         indirect=["color_scheme"])  # fmt: skip
def test_the_page_is_light_or_dark_as_the_reader_likes(page: Page, server: Server, color: str) -> None:
    page.goto(server.home)
    expect(button(page)).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", color)
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("width", [360], indirect=True)
@pytest.mark.parametrize("path", ["/system/ops/runs", "/system/ops/failures", "/nothing"])
def test_nothing_scrolls_sideways_on_a_phone(page: Page, server: Server, path: str, watch) -> None:
    watch.stop()  # the browser calls a page that is not there an error
    page.goto(server.root + path)
    expect(page.get_by_role("main")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_failing_page_says_one_sentence(page: Page, server: Server) -> None:
    page.goto(f"{server.root}/system/ops/failures")
    expect(page.get_by_role("main")).to_have_text("This page could not be shown; the reason is in the server's log.")
    expect(page.get_by_role("heading", name="Loading")).to_be_hidden()
    assert "ZeroDivisionError" not in page.content()


def test_what_opsnb_refuses_is_said_and_nothing_more(page: Page, server: Server) -> None:
    page.goto(f"{server.root}/system/ops/runbooks")
    expect(page.get_by_role("main")).to_have_text(
        "now must be a time such as 2026-11-23T14:00:00, not '<i>tea</i>'.", use_inner_text=True
    )
    assert "connecting.py" not in page.content()
    assert "BadInput: now must be a time" in server.log


def test_a_wrong_address_leads_back(page: Page, server: Server, watch) -> None:
    watch.stop()
    page.goto(f"{server.root}/system/ops/nothing")
    expect(page.get_by_role("main")).to_contain_text("There is no page at this address.")
    page.get_by_role("link", name="Show all operations").click()
    expect(button(page)).to_be_visible()


def test_kernels_end_as_their_pages_close(context, page: Page, fresh_server: Server) -> None:
    server = fresh_server
    for visited in (page, context.new_page(), context.new_page()):
        visited.goto(server.home)
        expect(button(visited)).to_be_visible()
    server.wait_for_kernels(3)
    page.reload()
    expect(button(page)).to_be_visible()
    page.goto(f"{server.root}/system/ops/runs/7")
    expect(button(page)).to_be_visible()
    server.wait_for_kernels(3)
    for visited in context.pages:
        visited.close(run_before_unload=True)
    server.wait_for_kernels(0)


def test_a_lost_kernel_is_said_politely(page: Page, server: Server, watch) -> None:
    page.goto(server.home)
    expect(button(page)).to_be_visible()
    expect(page.locator("#ops-lost")).to_be_empty()
    watch.stop()
    for kernel in server.kernels():
        kernel.kill()
    expect(page.get_by_role("status").filter(has_text="Connection lost; reload the page.")).to_be_visible()


def test_a_server_that_went_away_is_said_politely(page: Page, tmp_path: Path, watch) -> None:
    with counting(tmp_path) as server:
        page.goto(server.home)
        expect(button(page)).to_be_visible()
        watch.stop()
    expect(page.get_by_role("status").filter(has_text="Connection lost; reload the page.")).to_be_visible()


def test_a_page_that_is_left_early_ends_its_kernel_too(page: Page, fresh_server: Server) -> None:
    server = fresh_server
    page.goto(f"{server.root}/system/ops/stuck", wait_until="commit")
    expect(page.get_by_role("heading", name="Loading operations…")).to_be_visible()
    server.wait_for_kernels(1)
    page.goto("about:blank")
    server.wait_for_kernels(0)
