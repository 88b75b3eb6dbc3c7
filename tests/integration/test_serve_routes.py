"""What the server answers, and all that it does not."""

import json
import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from support.serving import Server, serving_notebooks, write_notebooks

TELL = """
import json, os, sys
from dataclasses import asdict
from opsnb import visit
told = {name: os.environ[name] for name in os.environ if name.startswith("OPSNB_")} | asdict(visit.current())
told["debugs"] = "_pydevd_bundle" in sys.modules
print("<<" + json.dumps({"notebook": %r, "python": sys.executable, **told}) + ">>")
"""
PAGES = {
    "/system/ops/runs": "runs",
    "/system/ops/failures": "failures",
    "/system/ops/runbooks": "runbooks",
    "/system/ops/runs/7": "run",
    "/system/ops/runs/9223372036854775807": "run",
}
CLOSED = [
    "/nothing", "/system/ops", "/system/ops/runs/", "/system/ops/runs/x", "/system/ops/runs/-1",
    "/system/ops/runs/12345678901234567890", "/system/ops/runs/7/retry", "/runs.ipynb", "/notebooks/runs.ipynb",
    "/voila/render/runs.ipynb", "/voila/tree", "/voila/tree/", "/voila/files/runs.ipynb", "/voila/api/contents",
    "/voila/api/themes/x.css", "/api", "/api/contents", "/api/kernels", "/api/kernelspecs", "/api/sessions",
    "/api/terminals", "/login", "/logout", "/tree", "/lab", "/files/runs.ipynb",
]  # fmt: skip


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = {name: TELL % name for name in ("runs", "failures", "runbooks", "run")}
    return write_notebooks(
        tmp_path_factory.mktemp("notebooks"), **told, stuck="kept_back = 1\nraise ValueError('inner')"
    )


@pytest.fixture(scope="module")
def server(notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    foreign = folder / "jupyter_data_dir" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    spec = {"argv": ["/no/such/python", "{connection_file}"], "display_name": "Foreign", "language": "python"}
    (foreign / "kernel.json").write_text(json.dumps(spec))
    (folder / "opsnb.toml").write_text("page_size = 7\n")
    (folder / "voila.json").write_text('{"VoilaConfiguration": {"strip_sources": false, "show_tracebacks": true}}')
    with serving_notebooks(folder, notebooks, actor="victor@contoso.example") as running:
        yield running


def told(server: Server, path: str) -> dict[str, str]:
    status, text, _ = server.get(path)
    assert status == 200
    found = re.search("&lt;&lt;(.*)&gt;&gt;", text)
    assert found, text
    return json.loads(unescape(found[1]))


@pytest.mark.parametrize("path", PAGES)
def test_a_canonical_route_shows_its_notebook(server: Server, path: str) -> None:
    page = told(server, path)
    assert (page["notebook"], page["path"], page["query"]) == (PAGES[path], path, "")


def test_kernels_learn_who_asks_and_of_what_and_that_they_only_read(server: Server) -> None:
    page = told(server, "/system/ops/runs")
    folder = Path(page["OPSNB_CONFIG"]).parent
    assert (folder / "opsnb.toml").read_text() == "page_size = 7\n"
    assert page["OPSNB_DATABASE_URL"] == f"sqlite:///{folder}/runs.db"
    assert (page["OPSNB_READ_ONLY"], page["OPSNB_ROUTE_BASE"]) == ("1", "")
    assert page["user"] == "victor@contoso.example"
    assert "OPSNB_ACTOR" not in page


def test_kernels_are_the_servers_own_interpreter(server: Server) -> None:
    assert told(server, "/system/ops/runs")["python"] == sys.executable


def test_a_query_reaches_the_page_as_it_was_sent(server: Server) -> None:
    query = "search=a%20b&state=x+y&theme=dark&template=lab&state=z&empty="
    assert told(server, f"/system/ops/runs?{query}")["query"] == "search=a%20b&state=x+y&state=z&empty="


def test_the_root_leads_to_the_operations(server: Server) -> None:
    status, _, headers = server.get("/")
    assert (status, headers["Location"]) == (302, "/system/ops/runs")


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_else_is_there(server: Server, path: str) -> None:
    status, text, _ = server.get(path)
    assert status == 404
    assert "There is no page at this address." in text
    assert 'href="/system/ops/runs"' in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_are_only_read(server: Server, method: str) -> None:
    assert server.get("/system/ops/runs", method)[0] in (403, 405)


def test_a_failing_cell_says_one_sentence_and_its_source_stays_here(server: Server) -> None:
    _, text, _ = server.get("/system/ops/stuck")
    assert "This page could not be shown; the reason is in the server's log." in text
    assert not [word for word in ("kept_back", "inner", "ValueError", "Traceback") if word in text]
    assert "ValueError" in server.log


def test_without_javascript_the_page_says_so(server: Server) -> None:
    found = re.search("<noscript>(.*)</noscript>", server.get("/system/ops/runs")[1])
    assert found
    assert "opsnb needs JavaScript; allow it for this page, then reload." in found[1]


def test_sources_are_stripped(server: Server) -> None:
    assert "json.dumps" not in server.get("/system/ops/runs")[1]


def test_what_is_sent_is_compressed(server: Server) -> None:
    plain, small = (server.get("/voila/static/voila.js", **{"Accept-Encoding": coding})[2]
                    for coding in ("identity", "gzip"))  # fmt: skip
    assert (plain.get("Content-Encoding"), small.get("Content-Encoding")) == (None, "gzip")


def test_a_kernel_has_not_loaded_what_no_page_can_use(server: Server) -> None:
    assert told(server, "/system/ops/runs")["debugs"] is False


def test_the_browser_keeps_the_front_end_under_an_address_that_tells_its_version(server: Server) -> None:
    found = re.search(r'src="(/voila/static/~[0-9a-f]+)/voila.js"', server.get("/system/ops/runs")[1])
    assert found
    kept, asked_again = (server.get(f"{folder}/voila.js") for folder in (found[1], "/voila/static"))
    assert (kept[0], kept[1]) == (200, asked_again[1])
    assert kept[2]["Cache-Control"] == "private, max-age=31536000, immutable"
    assert asked_again[2]["Cache-Control"] == "no-cache"
    assert server.get("/voila/static/~0123456789abcdef/voila.js")[0] in (403, 404)


def test_no_other_host_is_named_and_none_may_be_asked(server: Server) -> None:
    _, text, headers = server.get("/system/ops/runs")
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_a_base_url_moves_everything(notebooks: Path, tmp_path: Path) -> None:
    with serving_notebooks(tmp_path, notebooks, base_url="/team/ops") as server:
        assert server.root.endswith("/team/ops")
        page = told(server, "/system/ops/runs/7")
        assert (page["path"], page["base"]) == ("/system/ops/runs/7", "/team/ops")
        assert server.get("/")[2]["Location"] == "/team/ops/system/ops/runs"
        assert server.get("/voila/static/voila.js")[0] == 200
        assert 'href="/team/ops/system/ops/runs"' in server.get("/nothing")[1]
        server.root = server.root.removesuffix("/team/ops")
        assert server.get("/system/ops/runs")[0] == 404
