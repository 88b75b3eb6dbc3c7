"""Pages inside those of another site: https://localhost around https://127.0.0.1, and the same without TLS."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from consoles import VIEWER
from support.certificate import make_certificate
from support.serving import serving


@contextmanager
def surrounding(folder: Path, certificate: dict[str, str]) -> Iterator[str]:
    """Serve the files in `folder` at another host than 127.0.0.1: give its origin."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate["certfile"], certificate["keyfile"])
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http{'s' if certificate else ''}://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@contextmanager
def framed(page: Page, folder: Path, database: Path, certificate: dict[str, str]) -> Iterator[FrameLocator]:
    """Show the operations in a frame of another site."""
    (folder / "around").mkdir()
    options = [f"--{name}={path}" for name, path in certificate.items()]
    with (
        surrounding(folder / "around", certificate) as origin,
        serving(
            folder, f"--database={database}", f"--actor={VIEWER}", "--preheat=0", f"--framed-by={origin}", *options
        ) as server,
    ):
        (folder / "around" / "index.html").write_text(
            f'<iframe src="{server.home}" width="1200" height="800"></iframe>'
        )
        page.goto(origin)
        yield page.frame_locator("iframe")
        page.goto("about:blank")


def test_a_page_works_in_a_frame_of_another_site(page: Page, demo_database: Path, tmp_path: Path) -> None:
    with framed(page, tmp_path, demo_database, make_certificate(tmp_path)) as frame:
        rows = frame.locator(".opsnb tbody tr")
        expect(rows).to_have_count(50)
        expect(frame.locator("#ops-early")).to_have_count(0)  # the front end has taken over
        rows.first.click()
        expect(frame.get_by_role("heading", name="Facts")).to_be_visible()
        expect(frame.locator("#ops-no-cookies")).to_be_hidden()
        expect(frame.locator("#ops-lost")).to_be_empty()


def test_without_tls_a_frame_says_what_it_needs(page: Page, demo_database: Path, tmp_path: Path) -> None:
    with framed(page, tmp_path, demo_database, {}) as frame:
        expect(frame.locator("#ops-no-cookies")).to_contain_text(
            "keeps no cookies for this page inside that of another"
        )
        expect(frame.get_by_role("link", name="Open it by itself")).to_be_visible()
