"""A channel that breaks for a moment: the page connects again, and shows what its kernel did meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from support.serving import Server, serving_notebooks, write_notebooks
from support.workers import eventually

# The kernel counts as the file "go" appears, and says by the file "went" that it has.
COUNTER = '''
import anywidget, threading, time, traitlets
from pathlib import Path

class Counter(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
      const button = document.createElement("button");
      const say = () => { button.textContent = `clicked ${model.get("n")}`; };
      button.onclick = () => model.send({});
      model.on("change:n", say); say(); el.append(button); } };"""
    n = traitlets.Int(0).tag(sync=True)

def count():
    while not Path("go").exists():
        time.sleep(0.05)
    counter.n = 7
    Path("went").touch()

counter = Counter()
counter.on_msg(lambda *_: setattr(counter, "n", counter.n + 1))
threading.Thread(target=count, daemon=True).start()
counter
'''


class Line:
    """The way of a page to its kernel, which can be cut and mended."""

    def __init__(self) -> None:
        self.whole = True
        self._open: list[WebSocketRoute] = []

    def take(self, asked: WebSocketRoute) -> None:
        if not self.whole:
            asked.close()
            return
        asked.connect_to_server()
        self._open.append(asked)

    def cut(self) -> None:
        self.whole = False
        for one in self._open:
            one.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving_notebooks(tmp_path, write_notebooks(tmp_path / "notebooks", runs=COUNTER)) as running:
        yield running


def test_what_the_kernel_did_while_the_channel_was_broken_is_shown(page: Page, server: Server, watch) -> None:
    watch.stop()  # the browser calls a connection that breaks an error
    line = Line()
    page.route_web_socket("**/channels**", line.take)
    page.goto(server.home)
    page.get_by_role("button", name="clicked 0").click()
    expect(page.get_by_role("button", name="clicked 1")).to_be_visible()
    line.cut()
    expect(page.locator("#ops-lost")).to_contain_text("Connection lost")
    (server.folder / "notebooks" / "go").touch()
    eventually((server.folder / "notebooks" / "went").exists)
    line.whole = True
    expect(page.get_by_role("button", name="clicked 7")).to_be_visible()
    expect(page.locator("#ops-lost")).to_be_empty()
    page.get_by_role("button", name="clicked 7").click()
    expect(page.get_by_role("button", name="clicked 8")).to_be_visible()
