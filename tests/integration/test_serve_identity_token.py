"""People who bring a token: by header, by link, by form; and when it ends."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tornado.web import create_signed_value

from opsnb.errors import BadInput
from opsnb.serve.identity.token_file import digest, line, read_tokens
from support.serving import OPSNB, Server, environment, serving_notebooks, write_notebooks
from support.visitors import Visitor

TELL = "from opsnb import visit\nv = visit.current()\nprint(f'<<{v.user}|{v.query}>>')"
PAGE = "/system/ops/runs"
ADA, BO = "the-token-of-ada", "the-token-of-bo"


def write_tokens(folder: Path) -> Path:
    path = folder / "tokens"
    path.write_text(f"# of the team\n\n{line('ada@contoso.example', ADA)}\n{line('Bo Ek', BO)}\n")
    return path


def serving_team(folder: Path) -> AbstractContextManager[Server]:
    notebooks = write_notebooks(folder / "notebooks", runs=TELL, run=TELL)
    told = {"identity": {"kind": "token", "tokens": str(write_tokens(folder))}, "base_url": "/team", "verbose": True}
    return serving_notebooks(folder, notebooks, max_kernels=64, max_kernels_per_user=64, **told)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving_team(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server for a test after which it is not what it was."""
    with serving_team(tmp_path) as running:
        yield running


def seen(text: str) -> str:
    found = re.search("&lt;&lt;(.*)&gt;&gt;", text)
    return unescape(found[1]) if found else ""


def begin(server: Server, token: str = ADA) -> str:
    """Give the cookie of a new session."""
    _, _, headers = server.get(f"{PAGE}?token={token}")
    return headers["Set-Cookie"].split(";")[0]


def form(server: Server, path: str, cookie: str = "", **fields: str) -> tuple[int, str, str, list[str]]:
    """Send the form that the page at `path` shows: status, text, where it leads, cookies."""
    import http.client

    _, page, headers = server.get(path, **({"Cookie": cookie} if cookie else {}))
    found = re.search(r'action="/team(/[\w-]+)"', page)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert found, page
    place = urlsplit(server.root)
    connection = http.client.HTTPConnection(str(place.hostname), int(str(place.port)), timeout=60)
    sent = "; ".join([text.split(";")[0] for text in headers.get_all("Set-Cookie", [])] + [cookie] * bool(cookie))
    body = urlencode({name: unescape(value) for name, value in hidden.items()} | fields)
    told = {"Cookie": sent, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"/team{found[1]}", body, told)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers.get("Location", ""), answer.headers.get_all("Set-Cookie", [])


@pytest.mark.parametrize(("token", "who"), [(ADA, "ada@contoso.example"), (BO, "Bo Ek")])
def test_a_script_brings_its_token_with_every_request(server: Server, token: str, who: str) -> None:
    status, text, _ = server.get(PAGE, Authorization=f"Bearer {token}")
    assert (status, seen(text)) == (200, f"{who}|")


def test_a_link_begins_a_session_and_loses_its_token(server: Server) -> None:
    status, _, headers = server.get(f"{PAGE}/7?state=x%20y&token={ADA}&page=2")
    assert (status, headers["Location"]) == (303, "/team/system/ops/runs/7?state=x%20y&page=2")
    [cookie] = headers.get_all("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/team/", "Max-Age=43200"} <= set(cookie.split("; "))
    status, text, _ = server.get(f"{PAGE}/7?state=x", Cookie=cookie.split(";")[0])
    assert (status, seen(text)) == (200, "ada@contoso.example|state=x")
    assert server.get(f"/?token={ADA}")[2]["Location"] == "/team/"
    assert ADA not in cookie + server.log


@pytest.mark.parametrize(
    "told",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {ADA}"},
        {"Authorization": "Bearer"},
        {"Cookie": f"opsnb={ADA}"},
        {"X-Forwarded-Email": "ada"},
    ],
)
def test_nobody_else_gets_in(server: Server, told: dict[str, str]) -> None:
    before = server.kernels()
    status, text, _ = server.get(PAGE, **told)
    assert (status, seen(text)) == (401, "")
    assert "<h1>Sign in</h1>" in text
    assert set(server.kernels()) <= set(before)


def test_a_wrong_link_leaves_the_form_and_no_session(server: Server) -> None:
    status, text, headers = server.get(f"{PAGE}?token=wrong-one&state=x")
    assert status == 401
    assert "This token is not known here" in text
    assert "wrong-one" not in text + server.log
    assert "opsnb" not in str(headers["Set-Cookie"])


def test_the_form_begins_a_session_and_leads_back(server: Server) -> None:
    status, _, place, cookies = form(server, f"{PAGE}/7?state=x", token=ADA)
    assert (status, place) == (303, "/team/system/ops/runs/7?state=x")
    cookie = next(text for text in cookies if text.startswith("opsnb"))
    assert seen(server.get(PAGE, Cookie=cookie.split(";")[0])[1]) == "ada@contoso.example|"
    status, text, place, cookies = form(server, PAGE, token="wrong")
    assert (status, place, "This token is not known here" in text) == (401, "", True)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/team/system/ops/runs",
        "//evil.example/team/system/ops/runs",
        "/\\evil.example",
        "/evil",
        "javascript:1",
        "/team/sign-out",
        "",
    ],
)
def test_the_form_leads_nowhere_else(server: Server, wanted: str) -> None:
    assert form(server, PAGE, token=ADA, next=wanted)[2] == "/team/system/ops/runs"


def test_the_form_is_taken_from_its_own_page_alone(server: Server) -> None:
    assert server.get(f"/sign-in?token={ADA}", "POST")[0] == 403


def test_a_session_is_ended_by_its_owner(server: Server) -> None:
    cookie = begin(server)
    assert 'href="/team/sign-out">Sign out</a>' in server.get(PAGE, Cookie=cookie)[1]
    assert "You are signed in as ada@contoso.example." in server.get("/sign-out", Cookie=cookie)[1]
    status, _, place, cookies = form(server, "/sign-out", cookie)
    assert (status, place) == (303, "/team/system/ops/runs")
    assert any(text.startswith(f'{cookie.split("=")[0]}="";') and "Path=/team/" in text for text in cookies)
    assert server.get("/sign-out", "POST", Cookie=cookie)[0] == 403


def test_a_forged_session_is_none(server: Server) -> None:
    cookie = begin(server)
    name, _, value = cookie.partition("=")
    own = create_signed_value(b"x" * 32, name, digest(ADA)).decode()
    for other in (own, value[:-2], value.replace(value[-9:], "0" * 8 + '"'), digest(ADA), ""):
        assert server.get(PAGE, Cookie=f"{name}={other}")[0] == 401
    assert server.get(PAGE, Cookie=cookie)[0] == 200


def test_who_loses_the_token_loses_session_and_channel(own: Server) -> None:
    tokens = own.folder / "tokens"
    cookies = {who: begin(own, token) for who, token in (("ada", ADA), ("bo", BO))}
    ada = Visitor(own)
    ada.cookies = dict([cookies["ada"].split("=", 1)])
    ada.open()
    with ada.channels() as channel:
        tokens.write_text(line("Bo Ek", BO) + "\n")
        assert own.get(PAGE, Cookie=cookies["ada"])[0] == 401
        assert own.get(PAGE, Authorization=f"Bearer {ADA}")[0] == 401
        assert own.get(PAGE, Cookie=cookies["bo"])[0] == 200
        list(channel)  # ends as the server closes it
    tokens.write_text("broken")
    assert own.get(PAGE, Cookie=cookies["bo"])[0] == 401
    assert "Until then nobody is let in by it." in own.log


def test_guesses_are_few(own: Server) -> None:
    cookie = begin(own)
    answers = [own.get(PAGE, Authorization=f"Bearer guess-{number}")[0] for number in range(11)]
    assert answers == [401] * 10 + [429]
    status, text, headers = own.get(f"{PAGE}?token={ADA}")
    assert (status, "Too many wrong tokens" in text, headers["Retry-After"]) == (429, True, "60")
    assert own.get(PAGE, Cookie=cookie)[0] == 200


def test_without_a_file_the_viewer_gets_a_token_in_the_address(tmp_path: Path) -> None:
    notebooks = write_notebooks(tmp_path / "notebooks", runs=TELL)
    with serving_notebooks(tmp_path, notebooks, identity={"kind": "token"}, actor="vera") as server:
        token = parse_qs(urlsplit(server.home).query)["token"][0]
        server.root = server.home.partition("/system")[0]
        assert len(token) == 43
        assert server.get(PAGE)[0] == 401
        assert seen(server.get(PAGE, Cookie=begin(server, token))[1]) == "vera|"


def test_the_command_makes_a_token_and_its_line(tmp_path: Path) -> None:
    done = subprocess.run([*OPSNB, "token", "Ada Lovelace"], cwd=tmp_path, env=environment(tmp_path),
                          capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    token = re.search(r"^    (\S{43})$", done.stderr, re.MULTILINE)[1]  # type: ignore[index]
    (tmp_path / "tokens").write_text(done.stdout)
    assert read_tokens(tmp_path / "tokens") == {digest(token): "Ada Lovelace"}
    assert token not in done.stdout


@pytest.mark.parametrize("text", ["ada", f"{'0' * 63} ada", f"{'0' * 64}", f"{'0' * 64} a\n{'0' * 64} b"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokens").write_text(text)
    with pytest.raises(BadInput, match="must be a hash of its own and a name"):
        read_tokens(tmp_path / "tokens")
