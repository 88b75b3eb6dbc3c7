"""What the server tells those who run it: numbers for Prometheus, and a log; neither says what is nobody's business."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed, InvalidStatus

from opsnb import schema
from opsnb.database import Database
from opsnb.serve.refusal import REASONS
from opsnb.settings import Settings
from support.serving import Server, serving_notebooks, write_notebooks
from support.visitors import PAGE, Visitor, message

SECRET, USER = "a-secret-of-the-proxys-own", "ada@contoso.example"
NEEDLE = "needle-in-a-haystack"
ASKS = """
import opsnb
from sqlalchemy import text
ops = opsnb.connect()
ops.database.fetch(text("SELECT 1"))
try:
    ops.database.fetch(text("SELECT * FROM no_such_table"))
except opsnb.errors.OpsnbError:
    pass
"""
FAILS = f"""
import logging
print({NEEDLE!r})
logging.getLogger("opsnb").warning('one\\n{{"level": "INFO", "message": "forged"}}\\r\\x1b[2J\\x85\\u2028two')
raise ValueError({NEEDLE!r})
"""
ROUTES = {"/", PAGE, "/system/ops/stuck", "/system/ops/runs/{id}", "/api/kernels/{kernel}", "/healthz", "other",
          "/api/kernels/{kernel}/channels", "/voila/static/{file}", "/voila/api/shutdown/{kernel}"}  # fmt: skip
VALUES = {
    "route": ROUTES,
    "status": {str(status) for status in (101, 200, 204, 302, 401, 403, 404, 405, 421, 429, 503)},
    "reason": {*REASONS},
    "outcome": {"answered", "failed"},
    "state": {"serving", "waiting", "starting"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("watching")
    database = Database(str(folder / "runs.db"), Settings())
    schema.init(database)
    database.close()
    notebooks = write_notebooks(folder / "notebooks", runs=ASKS, stuck=FAILS)
    told = {"identity": {"kind": "proxy"}, "preheat": 1, "max_kernels": 4, "max_kernels_per_user": 2, "metrics_port": 0}
    with serving_notebooks(folder, notebooks, {"OPSNB_PROXY_SECRET": SECRET}, **told) as running:
        running.wait_for_kernels(1, 60)
        yield running


def person(server: Server, name: str = USER) -> Visitor:
    return Visitor(server, **{"X-Opsnb-Secret": SECRET, "X-Forwarded-Email": name})


@contextmanager
def page(server: Server, path: str, name: str = USER) -> Iterator[tuple[Visitor, Message]]:
    """Have a page open: who has it, and the headers of its answer."""
    visitor = person(server, name)
    status, text, headers = visitor.get(path)
    found = re.search(r'"kernelId": "([\w-]+)"', text)
    assert status == 200, text
    assert found, text
    visitor.kernel = found[1]
    try:
        yield visitor, headers
    finally:
        assert visitor.end() == 204


def lines(server: Server) -> list[dict[str, Any]]:
    """Give what the server has logged: everything but the line that says where it is."""
    whole = server.log.rpartition("\n")[0].splitlines()  # the last one may be just being written
    return [json.loads(line) for line in whole if not line.startswith("opsnb is at ")]


def logged(server: Server, number: int = 1, **told: str) -> list[dict[str, Any]]:
    """Wait for so many lines that tell this: a line is written once its answer has been sent."""
    end = time.monotonic() + 20
    while len(found := [line for line in lines(server) if told.items() <= line.items()]) < number:
        assert time.monotonic() < end, server.log
        time.sleep(0.05)
    return found


def address(server: Server) -> str:
    [told] = [line["message"] for line in lines(server) if "metrics are at" in line["message"]]
    return str(told).removeprefix("metrics are at ")


def numbers(server: Server, **headers: str) -> dict[tuple[str, str], float]:
    """Ask as Prometheus does: the value of each sample by its name and the label that tells it from others."""
    with urllib.request.urlopen(urllib.request.Request(address(server), headers=headers), timeout=20) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    found = {}
    for sample in (sample for family in families for sample in family.samples if family.name.startswith("opsnb")):
        labels = {name: value for name, value in sample.labels.items() if name not in ("le", "version")}
        assert all(value in VALUES[name] for name, value in labels.items()), sample
        found[sample.name, " ".join(labels.values())] = sample.value
    return found


def test_pages_statements_and_kernels_are_measured(server: Server) -> None:
    before = numbers(server)
    with page(server, f"{PAGE}?search={NEEDLE}"):
        now = numbers(server)
    assert now["opsnb_page_seconds_count", PAGE] == before.get(("opsnb_page_seconds_count", PAGE), 0) + 1
    assert now["opsnb_page_seconds_sum", PAGE] > 0
    for outcome in ("answered", "failed"):
        name = "opsnb_query_seconds_count", outcome
        assert now[name] - before.get(name, 0) == 1
    assert now["opsnb_kernels", "serving"] == before["opsnb_kernels", "serving"] + 1
    assert now["opsnb_kernels_limit", ""] == 4
    assert numbers(server)["opsnb_kernels", "serving"] == before["opsnb_kernels", "serving"]


def test_refusals_are_counted_by_their_reason(server: Server) -> None:
    before, ada = numbers(server), person(server)
    assert Visitor(server).get(PAGE)[0] == 401
    assert ada.get(PAGE, "POST")[0] == 403
    assert ada.get("/nothing")[0] == 404
    assert ada.get(PAGE, Host="evil.example")[0] == 421
    with page(server, PAGE) as (first, _), page(server, PAGE):
        assert ada.get(PAGE)[0] == 429
        with page(server, PAGE, "late@contoso.example"):
            assert person(server, "later@contoso.example").get(PAGE)[0] == 503
        with first.channels() as channel, suppress(ConnectionClosed):
            channel.send(message("execute_request", code="1"))
            channel.send("no message")
            while True:
                channel.recv(timeout=30)
    now = numbers(server)
    grown = {reason: now["opsnb_refusals_total", reason] - before["opsnb_refusals_total", reason] for reason in REASONS}
    once = ("unknown_user", "forbidden", "not_found", "other_host", "user_limit", "full", "message", "malformed_frame")
    assert grown == {reason: float(reason in once) for reason in REASONS}


def test_numbers_are_told_at_their_own_address_alone(server: Server) -> None:
    assert person(server).get("/metrics")[0] == 404
    with pytest.raises(urllib.error.HTTPError, match="421"):
        numbers(server, Host="evil.example")


def test_each_request_is_a_line_with_its_number(server: Server) -> None:
    with page(server, f"{PAGE}?search={NEEDLE}") as (_, headers):
        number = headers["X-Request-ID"]
    [line] = logged(server, request_id=number, message="request")
    assert line.pop("duration_ms") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", line.pop("time"))
    assert line == {"level": "INFO", "logger": "opsnb.access", "message": "request", "method": "GET", "route": PAGE,
                    "status": 200, "user": USER, "request_id": number}  # fmt: skip


@pytest.mark.parametrize(
    ("known", "sent", "kept"),
    [(True, "4bf92f3577b34da6", True), (False, "4bf92f3577b34da6", False), (True, "short", False),
     (True, 'forged" {}', False), (True, "x" * 200, False)],
)  # fmt: skip
def test_the_proxys_number_is_kept_and_nobody_elses(server: Server, known: bool, sent: str, kept: bool) -> None:
    visitor = person(server) if known else Visitor(server)
    number = visitor.get("/nothing", **{"X-Request-ID": sent})[2]["X-Request-ID"]
    assert (number == sent) == kept
    assert [line["status"] for line in logged(server, request_id=number)] == [404]


def test_what_a_kernel_logs_stands_beside_its_request(server: Server) -> None:
    with page(server, f"/system/ops/stuck?search={NEEDLE}") as (ada, headers):
        warned, failed = logged(server, 2, kernel=ada.kernel)
    told = (headers["X-Request-ID"], USER)
    assert [(line["request_id"], line["user"]) for line in (warned, failed)] == [told, told]
    assert (warned["level"], warned["logger"]) == ("WARNING", "opsnb")
    assert "forged" in warned["message"]
    assert (failed["level"], failed["message"]) == ("ERROR", "a cell failed")
    assert failed["exception"].endswith("ValueError")
    assert "raise ValueError" in failed["exception"]


def test_a_socket_and_a_file_that_are_refused_are_logged_without_their_query(server: Server) -> None:
    ada = person(server)
    with pytest.raises(InvalidStatus), ada.channels(f"00000000-0000-0000-0000-000000000000?x={NEEDLE}"):
        pass
    for path in ("/voila/static/none.js", "/api/kernels/x", "/voila/static/%0a%0dforged", "/%c2%85", "/%f0%28%8c%28"):
        ada.get(f"{path}?search={NEEDLE}", Referer=f"{server.root}/?search={NEEDLE}")
    ada.get(f"{PAGE}?search=%ff{NEEDLE}", "POST", Cookie=f"opsnb={NEEDLE}")


def test_the_log_holds_no_search_no_secret_and_no_line_of_anybody_else(server: Server) -> None:
    """Runs last: over everything that the tests before have set off."""
    assert [line for line in lines(server) if line["level"] == "INFO" and line["message"] == "forged"] == []
    for kept_back in (SECRET, f"={NEEDLE}", f"{NEEDLE}\\n", "Bearer", "search"):
        assert kept_back not in server.log, kept_back
    # The notebook's own source names it, which is no data.
    assert [line for line in server.log.splitlines() if NEEDLE in line and "raise ValueError" not in line] == []
    assert {line["route"] for line in lines(server) if "route" in line} <= ROUTES
