"""A hostile client: each attack is refused and costs nobody else anything, on every kind of kernel and base URL."""

import itertools
import json
import os
import socket
import sqlite3
import struct
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from opsnb import schema
from opsnb.database import Database
from opsnb.ops import ACTOR_SECONDS
from opsnb.serve.request_queue import MAX_UNANSWERED
from opsnb.serve.wire import _BOUNDS
from opsnb.settings import Settings
from support.history import MANAGER, OUTSIDER, VIEWER, add_people, add_recent_run, execute
from support.hostile import (
    CHANNELS,
    FORMS,
    all_heard,
    connected,
    frame,
    heard,
    message,
    opening,
    raw,
    received,
    states,
    subprotocols,
)
from support.serving import OPSNB, Server, connection_file, running, survivors
from support.visitors import PAGE, Visitor

# Kernels that wait, and the base URL: neither changes what the other does.
SERVERS = ((0, "/"), (2, "/team/ops"))
SOAK = "OPSNB_TEST_SOAK" in os.environ
SECRET, ROW = "a-secret-of-the-proxy", "row-that-must-not-leak"
MAIN = OPSNB[-1]
IMPATIENT = "import opsnb.serve.wire as wire\nwire._BOUNDS['body_timeout'] = 4"  # seconds, where usually they are more
KIN: dict[str, dict[str, Any]] = {
    "complete_request": {"code": "open", "cursor_pos": 4},
    "inspect_request": {"code": "open", "cursor_pos": 4, "detail_level": 1},
    "history_request": {"output": True, "raw": True, "hist_access_type": "tail", "n": 9},
    "is_complete_request": {"code": "1"},
    "input_reply": {"value": "x"},
    "debug_request": {"seq": 1, "type": "request", "command": "evaluate", "arguments": {"expression": "1"}},
    "interrupt_request": {},
    "shutdown_request": {"restart": True},
    "usage_request": {},
    "create_subshell_request": {},
    "list_subshell_request": {},
    "comm_open": {"comm_id": "a", "target_name": "jupyter.widget", "data": {"state": {"_model_name": "ButtonModel"}}},
}


def serve(folder: Path, *options: str, prologue: str = "") -> AbstractContextManager[Server]:
    database = Database(str(folder / "runs.db"), Settings())
    schema.init(database)
    add_people(database)
    add_recent_run(database, outcome="failed", initiator_name=ROW)
    add_recent_run(database, status="running", initiator_name=ROW)
    database.close()
    command = [
        sys.executable,
        "-c",
        f"{prologue}\n{MAIN}",
        "serve",
        "--port=0",
        "--database=runs.db",
        "--identity=proxy",
    ]
    return running(folder, [*command, *options], OPSNB_PROXY_SECRET=SECRET)


@pytest.fixture(
    scope="module",
    params=SERVERS,
    ids=lambda asked: f"{'preheated' if asked[0] else 'cold'} {asked[1]}",
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    waiting, base = request.param
    folder = tmp_path_factory.mktemp("server")
    with serve(folder, f"--base-url={base}", f"--preheat={waiting}", prologue=IMPATIENT) as started:
        started.wait_for_kernels(waiting, 60)
        yield started


_disturbed: set[str] = set()  # servers where somebody may have opened a page since their kernels were counted


def person(server: Server, name: str) -> Visitor:
    _disturbed.add(server.root)
    return Visitor(server, **{"X-Opsnb-Secret": SECRET, "X-Forwarded-Email": name})


@contextmanager
def page_of(server: Server, name: str) -> Iterator[Visitor]:
    """Have a page open all the time: a kernel that nobody is connected to ends after two minutes."""
    visitor = person(server, name)
    visitor.open()
    with visitor.channels(max_queue=None):
        yield visitor


@pytest.fixture(scope="module")
def victim(server: Server) -> Iterator[Visitor]:
    """Somebody who has a page open."""
    with page_of(server, VIEWER) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def attacker(server: Server, victim: Visitor) -> Iterator[Visitor]:
    """Somebody who may look at operations, and has a page open too."""
    with page_of(server, MANAGER) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def kernel(server: Server, victim: Visitor) -> psutil.Process:
    """The process of the victim's kernel, by the file that it is reached with."""
    [process] = [one for one in server.kernels() if victim.kernel in str(connection_file(one))]
    return process


@pytest.fixture(autouse=True)
def unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """See to it that no attack changes a kernel or the database, or is heard where another looks."""
    if "victim" not in request.fixturenames:
        yield
        return
    server, victim = request.getfixturevalue("server"), request.getfixturevalue("victim")
    kernel, rows = request.getfixturevalue("kernel"), database(server)
    with victim.channels() as channel:
        alive(channel)
        yield
        # What the page's own cell reads in the background may come as late as now.
        others = [got for got in alive(channel) if got["parent_header"].get("msg_type") != "execute_request"]
        assert {said["header"]["msg_type"] for said in others} <= {"status"}
    assert survivors([kernel], 0)
    assert database(server) == rows
    assert "Traceback" not in server.log, server.log[-3000:]


def alive(channel: ClientConnection) -> list[dict[str, Any]]:
    """Wait for a kernel to answer; give what else was heard."""
    asked = message("comm_info_request")
    channel.send(frame(asked))
    return [got for got in heard(channel, asked) if got["header"]["msg_type"] != "comm_info_reply"]


def executing(server: Server) -> dict[str, Any]:
    """Give what would leave a file named "executed"."""
    return {"code": f"open({str(server.folder / 'executed')!r}, 'w')", "silent": False, "store_history": False,
            "user_expressions": {}, "allow_stdin": True, "stop_on_error": False}  # fmt: skip


def database(server: Server) -> list[tuple[Any, ...]]:
    tables = ("operation_runs", "platform_users", "audit_logs WHERE status = 'success'")
    with closing(sqlite3.connect(server.folder / "runs.db")) as opened:
        return [row for table in tables for row in opened.execute(f"SELECT * FROM {table} ORDER BY id")]


def test_a_legal_client_gets_what_it_asks_for(server: Server, attacker: Visitor) -> None:
    for form in FORMS:
        with attacker.channels(**subprotocols(form)) as channel:
            asked = message("kernel_info_request")
            channel.send(frame(asked, form))
            # It comes on another channel of the kernel than what says that it is done, before that or after.
            assert any(got["header"]["msg_type"] == "kernel_info_reply" for got in all_heard(channel))
    with attacker.channels() as channel:
        assert ROW in json.dumps(states(channel))


@pytest.mark.parametrize("form", FORMS)
def test_no_kernel_hears_what_widgets_do_not_say(server: Server, attacker: Visitor, form: str) -> None:
    with attacker.channels(**subprotocols(form)) as channel:
        said = {**KIN, "execute_request": executing(server)}.items()
        sent = [(message(kind, **content), where) for kind, content in said for where in (*CHANNELS, "x", "")]
        sent += [(message("kernel_info_request"), where) for where in (*CHANNELS[1:], "x")]
        for one, where in sent:
            channel.send(frame(one, form, where))
        asked = message("comm_info_request")
        channel.send(frame(asked, form))
        parents = {got["parent_header"].get("msg_id") for got in heard(channel, asked)}
    assert parents & {one["header"]["msg_id"] for one, _ in sent} == set()
    assert not (server.folder / "executed").exists()


LEGAL = message("kernel_info_request")
FRAMES = {
    "no JSON": ("text", "{"),
    "no object": ("text", "[]"),
    "several messages": ("text", json.dumps([{**LEGAL, "channel": "shell"}] * 2)),
    "no header": ("text", json.dumps({**LEGAL, "header": None})),
    "lists in lists": ("text", "[" * 100_000),
    "more parts than memory, of the old form": ("binary", struct.pack("!I", 2**31 - 1) + b"{}"),
    "more parts than memory": ("offsets", struct.pack("<Q", 2**62) + bytes(64)),
    "parts outside": ("offsets", struct.pack("<7Q", 6, 56, 61, 63, 65, 67, 2**40)),
    "text where bytes were agreed": ("offsets", frame(LEGAL)),
    "nothing": ("offsets", b""),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_is_no_message_ends_its_channel(attacker: Visitor, name: str) -> None:
    form, data = FRAMES[name]
    assert ended(attacker, form, data) == 1007
    with attacker.channels() as channel:
        alive(channel)


def ended(visitor: Visitor, form: str, data: str | bytes) -> int | None:
    """Give the code with which a channel ends after a frame."""
    with visitor.channels(**subprotocols(form)) as channel, suppress(ConnectionClosed):
        channel.send(data)
        while True:
            channel.recv(timeout=30)
    return channel.close_code


@pytest.mark.parametrize("form", FORMS)
def test_a_frame_that_is_too_long_ends_its_channel(attacker: Visitor, form: str) -> None:
    assert ended(attacker, form, frame(message("kernel_info_request", much="x" * 2**18), form)) == 1009


def test_no_page_sets_what_a_widget_holds(attacker: Visitor) -> None:
    wanted = {"state": {"acts": ["retry"]}, "shown": "x", "bar": "x", "children": [], "_esm": "x", "authority": "x",
              "value": "x", "layout": "x", "_dom_classes": ["x"]}  # fmt: skip
    with attacker.channels() as channel:
        before = states(channel)
        assert before
        for number in before:
            for state in (wanted, *({name: text} for name, text in wanted.items())):
                data = {"method": "update", "state": state, "buffer_paths": []}
                channel.send(frame(message("comm_msg", comm_id=number, data=data)))
        after = states(channel)
    for number, state in after.items():
        kept = {name: before[number].get(name) for name in wanted if name != "state"}
        assert {name: state.get(name) for name in kept} == kept
        assert "acts" not in (state.get("state") or {})


def test_nobody_acts_by_messages(attacker: Visitor) -> None:
    with attacker.channels() as channel:
        for number, kind, run in itertools.product(
            states(channel), ("ask", "confirm", "act", "click", "custom"), (1, 2)
        ):
            for act in ("retry", "cancel", "mark_investigated"):
                told = {
                    "type": kind,
                    "event": "click",
                    "act": act,
                    "id": str(run),
                    "token": "",
                    "reason": "a good reason",
                }
                data = {"method": "custom", "content": told}
                channel.send(frame(message("comm_msg", comm_id=number, data=data)))
        assert not [state for state in states(channel).values() if "acts" in (state.get("state") or {})]


@pytest.mark.parametrize("who", ["nobody", OUTSIDER, MANAGER])
def test_the_kernel_of_another_answers_nobody(server: Server, victim: Visitor, attacker: Visitor, who: str) -> None:
    visitor = attacker if who == MANAGER else person(server, who) if who == OUTSIDER else Visitor(server)
    kernel, refused = victim.kernel, ({401, 403, 404, 405} if who == "nobody" else {403, 404, 405})
    token = visitor.cookies.get("_xsrf", "x")
    tried = [
        *((method, f"/api/kernels/{kernel}") for method in ("GET", "DELETE", "POST", "PUT", "PATCH")),
        *((method, f"/api/kernels/{kernel}/{verb}") for method in ("GET", "POST") for verb in ("restart", "interrupt")),
        *((method, f"/voila/api/shutdown/{kernel}") for method in ("GET", "POST", "DELETE")),
        ("GET", f"/voila/query/{kernel}"),
        ("GET", f"/voila/execution/{kernel}"),
    ]
    for (method, path), told in itertools.product(tried, ({}, {"X-XSRFToken": token}, {"Origin": server.root})):
        status, text, _ = visitor.get(path, method, **told)
        assert status in refused, (method, path, told)
        assert ROW not in text
    for form in FORMS:
        with pytest.raises(InvalidStatus) as caught, visitor.channels(kernel, **subprotocols(form)):
            pass
        assert caught.value.response.status_code == (403 if who == "nobody" else 404)


@pytest.mark.parametrize("verb", ["", "/restart", "/interrupt"])
@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT", "PATCH"])
def test_nobody_manages_a_kernel_not_even_the_own(attacker: Visitor, verb: str, method: str) -> None:
    token = {"X-XSRFToken": attacker.cookies["_xsrf"]}
    assert attacker.get(f"/api/kernels/{attacker.kernel}{verb}", method, **token)[0] in (403, 404, 405)


@pytest.mark.parametrize("route", ["query", "execution"])
@pytest.mark.parametrize("origin", [None, "same", "http://evil.example"])
def test_no_socket_tells_of_a_visit(
    server: Server, victim: Visitor, attacker: Visitor, route: str, origin: str
) -> None:
    told = {} if origin is None else {"origin": server.root if origin == "same" else origin}
    for kernel in (victim.kernel, attacker.kernel, str(uuid.uuid4()), victim.kernel):
        address = f"ws{server.root.removeprefix('http')}/voila/{route}/{kernel}"
        headers = attacker._headers()
        with pytest.raises(InvalidStatus) as caught, connect(address, additional_headers=headers, **told):  # type: ignore[arg-type]
            pass
        assert caught.value.response.status_code in (403, 404)


SPOOFED = [
    b"X-Forwarded-Email: %s", b"X-Forwarded-User: %s", b"X-Forwarded-Preferred-Username: %s", b"X-Ops-User: %s",
    b"REMOTE_USER: %s", b"Remote-User: %s", b"X-Remote-User: %s", b"X-Auth-Request-Email: %s", b"X-User: %s",
    b"Forwarded: for=127.0.0.1;user=%s", b"Cookie: opsnb=%s; username-127-0-0-1=%s; user=%s", b"x-FORWARDED-email: %s",
    b"X_Forwarded_Email: %s", b"X-Forwarded-Email : %s", b"Authorization: Bearer %s", b"Authorization: token %s",
    b"X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Email: %s", b"Ops-Actor: %s",
    b"OPSNB_ACTOR: %s",
    b"Connection: X-Opsnb-Secret\r\nX-Forwarded-Email: %s", b"X-Opsnb-Secret: \r\nX-Forwarded-Email: %s",
    b"X-Opsnb-Secret: *\r\nX-Forwarded-Email: %s",
]  # fmt: skip


def settled(server: Server) -> int:
    """Count the kernels once none starts to wait for a page, as one does a second after another was taken."""
    counted = -1 if server.root in _disturbed else len(server.kernels())
    _disturbed.discard(server.root)
    while counted != (now := len(server.kernels())):
        counted = now
        time.sleep(0 if server.root.rpartition(":")[2].isdigit() else 1.3)  # the one without a path keeps none
    return counted


def page_for(server: Server, *headers: bytes, path: str = PAGE) -> bytes:
    base = server.root.removeprefix("http://").partition("/")[2]
    place = (f"/{base}" if base else "") + path
    lines = [f"GET {place} HTTP/1.0".encode(), b"Host: 127.0.0.1", *headers, b"", b""]
    return raw(server, b"\r\n".join(lines))


@pytest.mark.parametrize("header", SPOOFED)
def test_no_header_names_whoever_it_likes(server: Server, victim: Visitor, header: bytes) -> None:
    before = settled(server)
    answer = page_for(server, header.replace(b"%s", VIEWER.encode()), path=f"{PAGE}?actor={VIEWER}&user={VIEWER}")
    assert answer.split()[1] in (b"400", b"401")
    assert b"kernelId" not in answer
    assert len(server.kernels()) == before


@pytest.mark.parametrize("header", [b"X-Forwarded-Email: %s", b"x-forwarded-EMAIL: %s", b"X-Opsnb-Secret: %s"])
def test_a_header_of_the_proxy_that_came_twice_names_nobody(server: Server, victim: Visitor, header: bytes) -> None:
    known = [b"X-Opsnb-Secret: " + SECRET.encode(), b"X-Forwarded-Email: " + OUTSIDER.encode()]
    sent = header.replace(b"%s", VIEWER.encode())
    assert page_for(server, *known, sent).split()[1] == page_for(server, sent, *known).split()[1] == b"401"


def test_what_a_known_person_adds_makes_nobody_else_of_them(server: Server, victim: Visitor) -> None:
    outsider = person(server, OUTSIDER)
    more = {"X-Forwarded-User": VIEWER, "X-Ops-User": VIEWER, "Remote-User": VIEWER, "X_Forwarded_Email": VIEWER,
            "Forwarded": f"user={VIEWER}", "Authorization": f"Bearer {VIEWER}"}  # fmt: skip
    outsider.headers |= more
    text = outsider.open(f"{PAGE}?actor={VIEWER}&OPSNB_ACTOR={VIEWER}&user={VIEWER}")
    with outsider.channels() as channel:
        assert ROW not in text + json.dumps(states(channel))
    outsider.end()


TRAVERSAL = ["../runs.db", "..%2fruns.db", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "..%252f..%252fruns.db",
             "..\\..\\runs.db", "..%5c..%5cruns.db", "voila.js%00.png", "%00", "/etc/passwd", "//etc/passwd",
             "....//....//etc/passwd", "voila.js/../../../../../../../../etc/passwd", "%c0%ae%c0%ae/runs.db", "~root",
             "C:/boot.ini", ".", "", "%ff", "x" * 5000]  # fmt: skip
FILES = ["/voila/static/", "/voila/labextensions/", "/voila/templates/", "/voila/templates/opsnb/static/",
         "/voila/files/", "/static/", "/files/", "/voila/api/themes/", "/nbextensions/"]  # fmt: skip
CLOSED = [
    "/tree", "/tree/", "/voila/tree", "/api", "/api/", "/api/contents", "/api/contents/runs.ipynb", "/api/kernels",
    "/api/kernels/", "/api/kernelspecs", "/api/sessions", "/api/terminals", "/api/status", "/api/me", "/api/nbconvert",
    "/api/events/subscribe", "/api/security/csp-report", "/api/spec.yaml", "/voila/render/runs.ipynb", "/runs.ipynb",
    "/voila/render/../runs.ipynb", "/notebooks/runs.ipynb", "/edit/runs.ipynb", "/nbconvert/html/runs.ipynb",
    "/login", "/logout", "/custom/custom.css", "/static/style/style.min.css", "/static/base/images/logo.png",
    "/metrics/", "/kernelspecs/python3/logo.svg", "/lab", "/doc", "/terminals/1", "/voila/templates/lab/static/x",
    "/system/ops/runs/7/../../../api/kernels", "/system/ops/runs%2f..%2f..", "/system/ops/runs.ipynb", "/%2e%2e/runs",
]  # fmt: skip
KNOWN = [b"X-Opsnb-Secret: " + SECRET.encode(), b"X-Forwarded-Email: " + MANAGER.encode()]


@pytest.mark.parametrize("place", FILES)
def test_no_path_leads_out_of_the_front_end(server: Server, victim: Visitor, place: str) -> None:
    before = settled(server)
    for path in TRAVERSAL:
        answer = page_for(server, *KNOWN, path=place + path)
        assert answer.split()[1] in (b"301", b"302", b"400", b"403", b"404"), path
        assert b"SQLite format" not in answer
        assert b"root:" not in answer
    assert len(server.kernels()) == before


def test_nothing_of_jupyter_and_voila_is_left(server: Server, victim: Visitor) -> None:
    before = settled(server)
    for path in CLOSED:
        assert page_for(server, *KNOWN, path=path).split()[1] == b"404", path
    assert len(server.kernels()) == before


def test_a_page_is_always_of_the_own_template(server: Server, victim: Visitor) -> None:
    visitor = person(server, MANAGER)
    for query in ("?template=lab&theme=../x", "?%74emplate=lab&voila-template=lab"):
        assert "ops-skeleton" in visitor.open(PAGE + query)
        visitor.end()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_a_page_is_only_read(server: Server, victim: Visitor, method: str) -> None:
    before = settled(server)
    base = "/" + server.root.removeprefix("http://").partition("/")[2]
    more = b"X-HTTP-Method-Override: GET\r\nX-HTTP-Method: GET\r\n"
    start = f"{method} {base.rstrip('/')}{PAGE}?_method=GET HTTP/1.1\r\n".encode()
    answer = raw(server, start + b"Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n" + more
                 + b"\r\n".join(KNOWN) + b"\r\n\r\n")  # fmt: skip
    assert answer.split()[1] in (b"400", b"403", b"405")
    assert len(server.kernels()) == before


INNER = b"GET /voila/static/voila.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SMUGGLED = {
    "length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "two lengths": b"Content-Length: 0\r\nContent-Length: 70\r\n\r\n" + INNER,
    "a length of a list": b"Content-Length: 0, 70\r\n\r\n" + INNER,
    "a length with a sign": b"Content-Length: +0\r\n\r\n" + INNER,
    "a negative length": b"Content-Length: -1\r\n\r\n" + INNER,
    "a length in letters": b"Content-Length: 0x0\r\n\r\n" + INNER,
    "chunks of another name": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + INNER,
    "a size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + INNER,
    "a size that is none": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + INNER,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_request_hides_in_another(server: Server, victim: Visitor, name: str) -> None:
    head = b"POST /voila/static/voila.js HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"\r\n".join(KNOWN) + b"\r\n"
    answer = raw(server, head + SMUGGLED[name])
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert not answer or answer.split()[1] == b"400"


@pytest.mark.parametrize(
    "host",
    [b"evil.example", b"127.0.0.1.evil.example", b"evil.example:80", b"127.0.0.1@evil.example",
     b"evil.example, 127.0.0.1", b"127.0.0.1\r\nHost: evil.example", b""],
)  # fmt: skip
def test_a_name_that_was_led_here_is_not_answered(server: Server, victim: Visitor, host: bytes) -> None:
    base = "/" + server.root.removeprefix("http://").partition("/")[2]
    for path in (PAGE, "/nothing", "/voila/static/voila.js", f"/api/kernels/{victim.kernel}"):
        start = f"GET {base.rstrip('/')}{path} HTTP/1.1\r\nConnection: close\r\n".encode()
        answer = raw(server, start + b"Host: " + host + b"\r\n" + b"\r\n".join(KNOWN) + b"\r\n\r\n")
        assert answer.split()[1] in (b"400", b"421"), path


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "https://127.0.0.1"]
)
def test_a_page_of_another_site_reaches_no_kernel(attacker: Visitor, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), attacker.channels(origin=origin):
        pass


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA b: c\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n",
    ],
    ids=["a long address", "a long header", "many headers", "a long body", "no address", "TLS", "a name with a blank",
         "a folded header"],
)  # fmt: skip
def test_what_is_no_request_is_cut_off(server: Server, victim: Visitor, request_: bytes) -> None:
    answer = raw(server, request_)
    assert not answer or answer.split()[1] in (b"400", b"413", b"431")


def test_who_is_slow_keeps_nobody_waiting(server: Server, victim: Visitor) -> None:
    assert _BOUNDS["body_timeout"] <= 20  # less where this is tested: see `IMPATIENT`
    head = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\nx"
    many = [connected(server) for _ in range(100)]
    for number, connection in enumerate(many):
        connection.settimeout(40)
        connection.sendall(head if number % 2 else b"GET / HTTP/1.1\r\nHo")
    began = time.monotonic()
    assert victim.get("/voila/static/voila.js")[0] == 200
    assert time.monotonic() - began < 10
    assert not [connection for connection in many[1::2] if b"200" in received(connection)]
    assert time.monotonic() - began < 40
    for connection in many:
        connection.close()


TYPES = (
    "go",
    "back",
    "refresh",
    "retry",
    "choices",
    "ahead",
    "foresee",
    "copy",
    "evidence",
    "ask",
    "confirm",
    "dismiss",
)
FIELDS = ("address", "back", "id", "name", "pressed", "seen", "text", "token", "act", "reason")
ODD = [
    None, True, -1, 0, 1, 2, 2**63, -(2**64), 1.5, -0.0, "", "1", "shell", "custom", "status", "1.0.0",
    "//x", "jupyter.widget.control", PAGE, f"{PAGE}/1", f"{PAGE}?cursor=x&group=%ff", f"{PAGE}?workspace={2**64}", "\0",
]  # fmt: skip
JSON = st.deferred(lambda: _json)  # in its own words a strategy would be pages long
_json = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=20) | st.builds(lambda: "x" * 5000),  # as a constant its name would be long
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=8) | st.sampled_from(["version", "msg_id"]), JSON, max_size=4)


def fields(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return OBJECTS | st.fixed_dictionaries({}, optional=optional)


def messages(numbers: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Give messages to these widgets, most of which are wrong in something."""
    custom = fields(type=st.sampled_from(TYPES) | JSON, **dict.fromkeys(FIELDS, JSON))
    methods = st.sampled_from(["custom", "update", "request_state", "request_states"]) | JSON
    data = fields(method=methods, content=custom, state=OBJECTS, buffer_paths=JSON) | JSON
    right = st.builds(lambda content: {"method": "custom", "content": content}, custom)
    content = fields(comm_id=st.sampled_from(numbers) | JSON, target_name=JSON, data=data) | st.builds(
        lambda number, data: {"comm_id": number, "data": data}, st.sampled_from(numbers), data | right
    )
    kinds = st.sampled_from(["comm_msg", "comm_msg", "comm_open", "comm_close", "comm_info_request",
                             "kernel_info_request"])  # fmt: skip
    return st.builds(
        lambda kind, content, metadata, parent: {**message(kind), "content": content, "metadata": metadata,
                                                 "parent_header": parent},
        kinds, content, fields(version=st.sampled_from(["1.0.0", "2"]) | JSON), OBJECTS,
    )  # fmt: skip


@pytest.mark.parametrize(
    "data", [{}, {"method": None}, {"method": "x"}, {"method": "custom"}, {"method": "request_states", "content": 1}]
)
def test_no_traceback_reaches_a_page(server: Server, attacker: Visitor, data: dict[str, Any]) -> None:
    with attacker.channels() as channel:
        for number in states(channel):
            channel.send(frame(message("comm_msg", comm_id=number, data=data)))
        got = alive(channel)
    assert {one["header"]["msg_type"] for one in got} <= {"status"}


REQUESTS = 5000 if SOAK else 800
MEMORY = 40 * 2**20  # bytes by which nothing that one page does may let the server grow


def ask_for_states(channel: ClientConnection, times: int) -> None:
    """Ask for the state of all widgets again and again, which is some hundred times as long as the request."""
    control = uuid.uuid4().hex
    channel.send(frame(opening(control)))
    for _ in range(times):
        channel.send(frame(message("comm_msg", comm_id=control, data={"method": "request_states"})))


@contextmanager
def not_growing(server: Server, seconds: float) -> Iterator[None]:
    """See to it that neither the server nor a kernel grows, nor has grown some time later."""
    processes = [psutil.Process(server.process.pid), *server.kernels()]
    before = [one.memory_info().rss for one in processes]
    yield
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert all(one.memory_info().rss < size + MEMORY for one, size in zip(processes, before, strict=True))
        time.sleep(0.2)


@pytest.mark.parametrize("burst", [60, REQUESTS])
def test_who_asks_and_closes_the_channel_costs_no_memory(server: Server, victim: Visitor, burst: int) -> None:
    visitor = person(server, MANAGER)
    visitor.open()
    settled(server)
    with not_growing(server, 45 if SOAK else 12):
        for _ in range(50 if SOAK else 3):
            with visitor.channels(max_queue=1, close_timeout=0.1) as channel, suppress(ConnectionClosed):
                ask_for_states(channel, burst)
    with visitor.channels() as channel:
        assert ROW in json.dumps(states(channel))
    visitor.end()


def test_who_asks_and_does_not_read_costs_no_memory_and_is_cut_off(server: Server, attacker: Visitor) -> None:
    with not_growing(server, 1), attacker.channels(max_queue=1, close_timeout=1, compression=None) as channel:
        channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with suppress(ConnectionClosed):
            ask_for_states(channel, 20 * REQUESTS)
        with pytest.raises(ConnectionClosed):  # the reason is lost if the page was still sending
            sum(1 for _ in all_heard(channel))
    assert server.log.count(f"{attacker.kernel} asks more than is answered") == 1
    with attacker.channels() as channel:
        assert ROW in json.dumps(states(channel))


def test_who_asks_much_and_reads_later_is_answered(server: Server, victim: Visitor) -> None:
    visitor = person(server, MANAGER)
    visitor.open()
    with visitor.channels(max_queue=1) as channel:
        ask_for_states(channel, 200)  # fewer than may wait, and more than may lie unread
        asked = message("comm_info_request")
        channel.send(frame(asked))
        time.sleep(5)
        assert visitor.model() == 200
        assert len(list(heard(channel, asked))) > 200
    assert visitor.end() == 204


def test_requests_are_all_answered_in_their_order(attacker: Visitor) -> None:
    with attacker.channels() as channel:
        sent = [message("comm_info_request") for _ in range(80)]
        for one in [*sent, sent[-1]]:  # the last one twice, as it stands
            channel.send(frame(one))
        replies = (got for got in all_heard(channel) if got["header"]["msg_type"] == "comm_info_reply")
        parents = [got["parent_header"]["msg_id"] for got in itertools.islice(replies, 81)]
    assert parents == [one["header"]["msg_id"] for one in [*sent, sent[-1]]]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the operating system cuts nobody off")
def test_who_does_not_read_a_file_is_cut_off(tmp_path: Path) -> None:
    with serve(tmp_path, prologue="import opsnb.serve.wire as wire\nwire._UNREAD = 2000") as server:
        asked = b"GET /voila/static/voila.js HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"\r\n".join(KNOWN) + b"\r\n\r\n"
        with connected(server) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(asked * 1000)  # more than the operating system keeps for it
            port, process, end = connection.getsockname()[1], psutil.Process(server.process.pid), time.monotonic() + 60
            while port in {one.raddr.port for one in process.net_connections("tcp") if one.raddr}:
                assert time.monotonic() < end, "it is still connected"
                time.sleep(0.1)
        assert person(server, VIEWER).get("/voila/static/voila.js")[0] == 200


def test_who_is_deactivated_sees_nothing_more(tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        visitor = person(server, VIEWER)
        visitor.open()
        with visitor.channels() as channel:
            assert ROW in json.dumps(states(channel))
            opened = Database(str(server.folder / "runs.db"), Settings())
            execute(opened, "UPDATE platform_users SET is_active = false")
            add_recent_run(opened, initiator_name="came-later")
            opened.close()
            time.sleep(ACTOR_SECONDS)
            wanted = [{"type": "refresh"}, *({"type": "go", "address": place} for place in (PAGE, f"{PAGE}/1"))]
            for number, told in itertools.product(states(channel), wanted):
                data = {"method": "custom", "content": told}
                channel.send(frame(message("comm_msg", comm_id=number, data=data)))
            assert "came-later" not in json.dumps(states(channel))
        again = person(server, VIEWER)
        again.open()
        with again.channels() as channel:
            assert ROW not in json.dumps(states(channel))


CONTROLS = {
    "messages": "import opsnb.serve.connection as c\nc.allowed = lambda _: True",
    "owners": "from opsnb.serve.ownership import Owners\nOwners.owns = lambda *_: True",
}


@pytest.mark.parametrize("removed", ["messages", "owners"])
def test_without_its_guard_an_attack_succeeds(tmp_path: Path, removed: str) -> None:
    with serve(tmp_path, prologue=CONTROLS[removed]) as server:
        visitor, other = person(server, VIEWER), person(server, MANAGER)
        visitor.open()
        other.cookies = {}
        if removed == "owners":
            assert other.model(visitor.kernel) == 200
            return
        with visitor.channels() as channel:
            asked = message("execute_request", **executing(server))
            channel.send(frame(asked))
            list(heard(channel, asked))
        assert (server.folder / "executed").exists()


def test_what_a_kernel_prints_and_raises_reaches_no_page(tmp_path: Path) -> None:
    with serve(tmp_path, prologue=CONTROLS["messages"]) as server:
        visitor = person(server, VIEWER)
        visitor.open()
        with visitor.channels() as channel:
            asked = message("execute_request", **executing(server) | {"code": "print('printed')\n1 / 0"})
            channel.send(frame(asked))
            kinds = {got["header"]["msg_type"] for got in heard(channel, asked)}
    assert "execute_input" in kinds
    assert not kinds & {"error", "stream"}


LOSING = """
import opsnb.serve.connection as c
c._LOST_SECONDS, send = 1, c.PageConnection._send
def lose(self, message):
    if message["content"].get("target_name") != "lost":
        send(self, message)
c.PageConnection._send = lose
"""


def test_a_page_that_connects_again_waits_for_no_request_that_was_lost(tmp_path: Path) -> None:
    with serve(tmp_path, prologue=LOSING) as server:
        visitor = person(server, VIEWER)
        visitor.open()
        with visitor.channels() as channel:
            for _ in range(MAX_UNANSWERED):
                channel.send(frame(message("comm_info_request", target_name="lost")))
        with visitor.channels() as channel:
            assert ROW in json.dumps(states(channel))


# The last test: the log of its server holds tracebacks of kernels after it, which the others take for harm.
@pytest.mark.timeout(3600 if SOAK else 300)
# Threads of the connection draw random numbers for what they send, which hypothesis takes for draws of the strategy.
# And a warning of the length of what failed would hide how it failed.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies", "ignore:Generating overly large")
def test_no_message_makes_a_kernel_publish_an_error(server: Server) -> None:
    visitor = person(server, MANAGER)
    visitor.open()
    with visitor.channels(max_queue=None) as channel:
        control = uuid.uuid4().hex
        numbers = [*states(channel), control, control]
        channel.send(frame(opening(control)))

        @given(st.lists(messages(numbers), min_size=1, max_size=20))
        @settings(max_examples=2000 if SOAK else 60, derandomize=not SOAK, database=None, deadline=None)
        def say(sent: list[dict[str, Any]]) -> None:
            for one in sent:
                channel.send(frame(one))
            asked = message("comm_info_request")
            channel.send(frame(asked))
            got = list(heard(channel, asked))
            assert not {one["header"]["msg_type"] for one in got} & {"error", "stream"}
            assert "Traceback" not in json.dumps(got)

        say()
    assert "failed at a message" not in server.log
    visitor.end()
