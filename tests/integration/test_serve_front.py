"""What every answer tells the browser, to which names the server answers, and TLS."""

import http.client
import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from opsnb.errors import BadInput
from opsnb.serve.front import read_front, read_tls
from support.certificate import make_certificate
from support.hostile import raw
from support.serving import Server, serving_notebooks, write_notebooks

SECRET = "a-secret-of-the-proxy"
SOAK = "OPSNB_TEST_SOAK" in os.environ
KNOWN = {"X-Opsnb-Secret": SECRET, "X-Forwarded-Email": "ada@contoso.example"}
PAGE = "/system/ops/runs"
KERNEL = "00000000-0000-0000-0000-000000000000"
ADDRESSES = [PAGE, "/", "/nothing", "/voila/static/voila.js", "/voila/static/none.js",
             "/voila/templates/opsnb/static/x", "/voila/labextensions/x", f"/api/kernels/{KERNEL}",
             "/voila/parts/00000000000000000000000000000000.js",
             f"/api/kernels/{KERNEL}/channels"]  # fmt: skip


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notebooks(tmp_path_factory.mktemp("notebooks"), runs="1")


@pytest.fixture(scope="module")
def server(notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("front")
    (folder / "secret").write_text(SECRET)
    told = {
        "identity": {"kind": "proxy", "secret_file": str(folder / "secret")},
        "base_url": "/team/ops",
        "allow_hosts": ["ops.example"],
        "framed_by": ["https://intranet.example"],
    }
    with serving_notebooks(folder, notebooks, **told) as running:
        yield running


@pytest.mark.parametrize("known", [{}, KNOWN], ids=["nobody", "known"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_says_what_the_browser_may_do(server: Server, path: str, known: dict[str, str]) -> None:
    _, _, headers = server.get(path, **known)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'self' https://intranet.example"
    assert not [rule for name, rule in policy.items() if name != "frame-ancestors" and re.search(r"https?:|\*", rule)]
    assert [
        name for name in ("Server", "Strict-Transport-Security", "Access-Control-Allow-Origin") if name in headers
    ] == []
    kept = path.startswith("/voila/") and known and headers["Etag"]
    assert ("no-store" in headers["Cache-Control"]) != bool(kept)


def cookies(server: Server, **headers: str) -> list[str]:
    return server.get(PAGE, **KNOWN, **headers)[2].get_all("Set-Cookie", [])


def test_the_cookies_belong_to_these_pages(server: Server) -> None:
    xsrf, key = sorted(cookies(server))
    for cookie in (xsrf, key):
        assert {"Path=/team/ops/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
    assert xsrf.startswith("_xsrf=")  # which the page itself reads as it closes
    assert "HttpOnly" in key


def test_tls_of_the_proxy_is_believed_from_the_proxy_alone(server: Server) -> None:
    xsrf, key = cookies(server, **{"X-Forwarded-Proto": "https"})
    assert "Secure" in xsrf
    assert "Secure" in key
    assert "max-age=" in server.get(PAGE, **KNOWN, **{"X-Forwarded-Proto": "https"})[2]["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in server.get(PAGE, **{"X-Forwarded-Proto": "https"})[2]


def test_an_https_address_means_tls(notebooks: Path, tmp_path: Path) -> None:
    with serving_notebooks(tmp_path, notebooks, {"OPSNB_PUBLIC_URL": "https://Ops.Example/"}) as server:
        _, _, headers = server.get(PAGE, Host="ops.example")
        assert "Secure" in headers["Set-Cookie"]
        assert "Strict-Transport-Security" in headers


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:80", "localhost", "LOCALHOST:1", "[::1]", "ops.example", "Ops.Example:80"]
)
def test_the_server_answers_to_its_names(server: Server, host: str) -> None:
    assert server.get("/", **KNOWN, Host=host)[0] == 302


@pytest.mark.parametrize("host", ["evil.example", "192.0.2.1", "localhost.evil.example", "ops.example.evil.example"])
@pytest.mark.parametrize("path", [PAGE, "/voila/static/voila.js", f"/api/kernels/{KERNEL}/channels"])
def test_a_name_that_was_led_here_is_not_answered(server: Server, host: str, path: str) -> None:
    status, text, _ = server.get(path, **KNOWN, Host=host)
    assert status == 421
    assert "This server does not answer to the name" in text


def test_beyond_this_machine_a_number_is_no_trick() -> None:
    front = read_front("", (), (), local=False)
    assert front.answers("192.0.2.1")
    assert not front.answers("evil.example")


@pytest.mark.parametrize(
    ("hosts", "origins"), [(("a b",), ()), (("",), ()), ((), ("*",)), ((), ("https://a; script-src *",))]
)
def test_what_is_no_name_or_origin_is_refused(hosts: tuple[str, ...], origins: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="must be a"):
        read_front("", hosts, origins, local=True)


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    return make_certificate(tmp_path)


def cookies_of(server: Server) -> list[str]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    place = urlsplit(server.root)
    options = {"context": trusting} if place.scheme == "https" else {}
    kind = http.client.HTTPSConnection if options else http.client.HTTPConnection
    connection = kind("127.0.0.1", place.port, timeout=60, **options)
    connection.request("GET", PAGE)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers.get_all("Set-Cookie", [])


FRAMED = {"framed_by": ["https://intranet.example"]}


def test_cookies_are_for_frames_where_another_site_may_frame(
    notebooks: Path, certificate: dict[str, str], tmp_path: Path
) -> None:
    with serving_notebooks(tmp_path, notebooks, **certificate, **FRAMED) as server:
        cookies = cookies_of(server)
        assert len(cookies) == 2
        for cookie in cookies:
            assert {"SameSite=None", "Secure", "Partitioned", "Path=/"} <= set(cookie.split("; "))
        assert "Without TLS" not in server.log


def test_without_tls_it_is_said_that_another_site_cannot_frame(notebooks: Path, tmp_path: Path) -> None:
    with serving_notebooks(tmp_path, notebooks, **FRAMED) as server:
        for cookie in cookies_of(server):
            assert "SameSite=Lax" in cookie
            assert not {"Secure", "Partitioned"} & set(cookie.split("; "))
        assert server.log.count("--framed-by for another site needs --certfile and --keyfile, or a public_url") == 1


@pytest.mark.parametrize(("public_url", "origins", "tls", "may"), [
    ("", (), False, True), ("", ("https://a.example",), False, False), ("", ("https://a.example",), True, True),
    ("https://ops.example", ("https://a.example",), False, True),
    ("http://ops.example", ("https://a.example",), False, False),
])  # fmt: skip
def test_frames_need_tls(public_url: str, origins: tuple[str, ...], tls: bool, may: bool) -> None:
    assert read_front(public_url, (), origins, local=True).may_be_framed(tls=tls) == may


def test_the_server_speaks_tls_itself(notebooks: Path, certificate: dict[str, str], tmp_path: Path) -> None:
    with serving_notebooks(tmp_path, notebooks, **certificate) as server:
        assert server.home.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        port = urlsplit(server.root).port
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=60)
        connection.request("GET", PAGE)
        answer = connection.getresponse()
        assert (answer.status, "Secure" in str(answer.headers["Set-Cookie"])) == (200, True)
        connection.close()


GARBAGE = {
    "plain HTTP": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "too long": b"\x16\x03\x03\xff\xff" + bytes(300),
}


def test_who_fails_at_tls_does_not_fill_the_log(notebooks: Path, certificate: dict[str, str], tmp_path: Path) -> None:
    with serving_notebooks(tmp_path, notebooks, **certificate) as server:
        for data in [*GARBAGE.values()] * (400 if SOAK else 20):
            raw(server, data)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        port = urlsplit(server.root).port
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=60)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
        assert 1 <= server.log.count("SSL Error") <= (50 if SOAK else 10)
        assert "Traceback" not in server.log


def test_half_a_certificate_is_refused(certificate: dict[str, str]) -> None:
    cert, key = Path(certificate["certfile"]), Path(certificate["keyfile"])
    with pytest.raises(BadInput, match="TLS needs both"):
        read_tls(cert, None)
    with pytest.raises(BadInput, match="cannot be used"):
        read_tls(key, cert)
