"""Behind a proxy: whom the server believes to have sent a request, and whom not."""

import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from opsnb.errors import BadInput
from opsnb.serve.identity.choice import choose
from opsnb.serve.identity.options import IdentityOptions
from support.serving import Server, serving_notebooks, write_notebooks

TELL = "from opsnb import visit\nprint('<<' + visit.current().user + '>>')"
SECRET = "a-secret-of-the-proxy"
SIGNED = {"jwt_audience": "opsnb", "jwt_issuer": "https://idp.example", "kind": "proxy"}
PAGE = "/system/ops/runs"
Headers = list[tuple[str, str]]


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notebooks(tmp_path_factory.mktemp("notebooks"), runs=TELL)


@pytest.fixture(scope="module")
def by_header(notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("header")
    (folder / "secret").write_text(f"{SECRET}\n")
    told = {"kind": "proxy", "secret_file": str(folder / "secret")}
    with serving_notebooks(folder, notebooks, identity=told) as running:
        yield running


@pytest.fixture(scope="module")
def keys() -> dict[str, RSAPrivateKey]:
    return {kid: generate_private_key(65537, 2048) for kid in ("first", "second", "stranger")}


@pytest.fixture
def jwks(keys: dict[str, RSAPrivateKey], tmp_path: Path) -> Path:
    return write_jwks(tmp_path / "keys.json", {kid: keys[kid] for kid in ("first", "second")})


def write_jwks(path: Path, keys: dict[str, RSAPrivateKey]) -> Path:
    """Write public keys as a key service would, in one stroke."""
    public = [
        jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig", "alg": "RS256"}
        for kid, key in keys.items()
    ]
    made = path.with_suffix(".new")
    made.write_text(json.dumps({"keys": public}))
    return made.replace(path)


def ask(server: Server, headers: Headers, path: str = PAGE) -> tuple[int, str]:
    """Ask with just these headers, a name sent twice included."""
    place = urlsplit(server.root)
    connection = HTTPConnection(str(place.hostname), int(str(place.port)), timeout=60)
    connection.putrequest("GET", place.path + path)
    for name, text in headers:
        connection.putheader(name, text.encode())
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def seen_as(server: Server, headers: Headers) -> str:
    """Give whose page is shown; empty for nobody's."""
    status, text = ask(server, headers)
    found = re.search("&lt;&lt;(.*)&gt;&gt;", text)
    assert (status == 200) == bool(found), text
    if found:
        return unescape(found[1])
    assert status == 401
    assert "It is not known who you are" in text
    return ""


KNOWS = ("X-Opsnb-Secret", SECRET)
ADA = ("X-Forwarded-Email", "ada@contoso.example")


@pytest.mark.parametrize("name", ["ada@contoso.example", "Jörg Müller", "o'neil"])
def test_the_proxy_names_the_user(by_header: Server, name: str) -> None:
    assert seen_as(by_header, [KNOWS, ("X-Forwarded-Email", name)]) == name


@pytest.mark.parametrize(
    "headers",
    [
        [], [ADA], [KNOWS], [ADA, ("X-Opsnb-Secret", "")], [ADA, ("X-Opsnb-Secret", "a-secret-of-the-prox")],
        [ADA, ("X-Opsnb-Secret", SECRET.upper())], [ADA, KNOWS, KNOWS], [ADA, ("X-Opsnb-Secret", "wrong"), KNOWS],
        [KNOWS, ADA, ADA], [KNOWS, ("X-Forwarded-Email", "eve@evil.example"), ADA], [KNOWS, ("X-Forwarded-Email", "")],
        [KNOWS, ("X-Forwarded-User", "ada")], [KNOWS, ("X_Forwarded_Email", "ada")],
        [KNOWS, ("X-Forwarded-Email", "a\tb")], [KNOWS, ("X-Forwarded-Email", "a\u202eb")],
        [KNOWS, ("X-Forwarded-Email", "a" * 255)], [KNOWS, ("X-Forwarded-Email", "1")],
        [ADA, ("Authorization", f"Bearer {SECRET}")], [ADA, ("Cookie", f"X-Opsnb-Secret={SECRET}")],
    ],
)  # fmt: skip
def test_nobody_else_is_believed(by_header: Server, headers: Headers) -> None:
    assert seen_as(by_header, headers) == ""


def test_what_is_no_utf8_names_nobody(by_header: Server) -> None:
    place = urlsplit(by_header.root)
    connection = HTTPConnection(str(place.hostname), int(str(place.port)), timeout=60)
    connection.request("GET", PAGE, headers={"X-Opsnb-Secret": SECRET, "X-Forwarded-Email": b"a\xff"})
    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.parametrize(
    "path", ["/", "/voila/static/voila.js", "/voila/labextensions/x",
             "/api/kernels/00000000-0000-0000-0000-000000000000",
             "/api/kernels/00000000-0000-0000-0000-000000000000/channels"],
)  # fmt: skip
def test_nothing_is_given_to_nobody(by_header: Server, path: str) -> None:
    assert ask(by_header, [ADA], path)[0] in (401, 403)
    assert ask(by_header, [ADA, KNOWS], path)[0] not in (401, 403)


def test_a_stranger_costs_no_kernel(by_header: Server) -> None:
    before = len(by_header.kernels())
    assert seen_as(by_header, [ADA]) == ""
    assert len(by_header.kernels()) == before


def test_the_secret_stays_with_the_server(notebooks: Path, tmp_path: Path) -> None:
    write_notebooks(tmp_path / "own", runs="import os\nprint('<<' + str(sorted(os.environ)) + '>>')")
    with serving_notebooks(
        tmp_path, tmp_path / "own", {"OPSNB_PROXY_SECRET": SECRET}, identity={"kind": "proxy"}
    ) as server:
        names = seen_as(server, [KNOWS, ADA])
    assert "OPSNB_DATABASE_URL" in names
    assert "SECRET" not in names


def claims(**other: object) -> dict[str, object]:
    said = {"email": "ada@contoso.example", "aud": "opsnb", "iss": "https://idp.example", "exp": time.time() + 60}
    return {name: value for name, value in (said | other).items() if value is not None}


def signed(key: RSAPrivateKey, kid: str | None = "first", algorithm: str = "RS256", **other: object) -> str:
    return jwt.encode(claims(**other), key, algorithm, headers={"kid": kid} if kid else None)


def forged(header: dict[str, object], key: bytes, **other: object) -> str:
    """Sign as no library would."""
    import hashlib
    import hmac

    def part(raw: bytes) -> bytes:
        return urlsafe_b64encode(raw).rstrip(b"=")

    said = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims(**other)).encode())
    mark = hmac.new(key, said, hashlib.sha256).digest() if header["alg"] == "HS256" else b""
    return (said + b"." + part(mark)).decode()


def pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def by_token(
    notebooks: Path, keys: dict[str, RSAPrivateKey], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("signed")
    write_jwks(folder / "keys.json", {kid: keys[kid] for kid in ("first", "second")})
    told = {**SIGNED, "jwt_keys": str(folder / "keys.json")}
    with serving_notebooks(folder, notebooks, identity=told) as running:
        running.folder = folder  # type: ignore[attr-defined]
        yield running


def bearer(token: str) -> Headers:
    return [("Authorization", f"Bearer {token}")]


def test_a_signed_token_names_the_user(by_token: Server, keys: dict[str, RSAPrivateKey]) -> None:
    assert seen_as(by_token, bearer(signed(keys["first"]))) == "ada@contoso.example"
    assert seen_as(by_token, bearer(signed(keys["second"], "second", email="bo", aud=["x", "opsnb"]))) == "bo"


@pytest.mark.parametrize(
    "other",
    [
        {"exp": 1}, {"exp": None}, {"exp": "never"}, {"nbf": 4e9}, {"aud": "other"}, {"aud": None}, {"aud": []},
        {"iss": "https://evil.example"}, {"iss": None}, {"email": None}, {"email": ["ada"]}, {"email": "7"},
        {"email": "a\nb"}, {"email_verified": False}, {"kid": "second"}, {"kid": "third"}, {"kid": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_for_another_purpose_names_nobody(
    by_token: Server, keys: dict[str, RSAPrivateKey], other: dict[str, object]
) -> None:
    assert seen_as(by_token, bearer(signed(keys["first"], **other))) == ""  # type: ignore[arg-type]


def test_a_forged_token_names_nobody(by_token: Server, keys: dict[str, RSAPrivateKey]) -> None:
    good = signed(keys["first"])
    head, said, mark = good.split(".")
    changed = urlsafe_b64encode(json.dumps(claims(email="eve")).encode()).rstrip(b"=").decode()
    own_key = jwt.encode(claims(), keys["stranger"], "RS256", headers={
        "kid": "first", "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(keys["stranger"].public_key(), as_dict=True),
        "jku": "https://evil.example/keys"})  # fmt: skip
    for token in (
        signed(keys["stranger"]), own_key, f"{head}.{changed}.{mark}", f"{head}.{said}.", f"{head}.{said}", "x", "..",
        forged({"alg": "none", "kid": "first"}, b""), forged({"alg": "None", "kid": "first"}, b""),
        forged({"alg": "HS256", "kid": "first"}, pem(keys["first"])),
        forged({"alg": "HS256", "kid": "first"}, (by_token.folder / "keys.json").read_bytes()),  # type: ignore[attr-defined]
    ):  # fmt: skip
        assert seen_as(by_token, bearer(token)) == ""
    assert seen_as(by_token, [*bearer(good), *bearer(good)]) == ""
    assert seen_as(by_token, [ADA, KNOWS]) == ""


def test_hs256_with_the_public_pem_names_nobody(
    notebooks: Path, keys: dict[str, RSAPrivateKey], tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_bytes(pem(keys["first"]))
    told = {**SIGNED, "jwt_keys": str(tmp_path / "key.pem"), "jwt_header": "Cf-Access-Jwt-Assertion"}
    with serving_notebooks(tmp_path, notebooks, identity=told) as server:
        header = "Cf-Access-Jwt-Assertion"
        assert seen_as(server, [(header, forged({"alg": "HS256"}, pem(keys["first"])))]) == ""
        assert seen_as(server, bearer(signed(keys["first"]))) == ""
        assert seen_as(server, [(header, signed(keys["first"], None))]) == "ada@contoso.example"


def test_keys_are_rotated_while_the_server_runs(
    notebooks: Path, keys: dict[str, RSAPrivateKey], jwks: Path, tmp_path: Path
) -> None:
    with serving_notebooks(tmp_path, notebooks, identity={**SIGNED, "jwt_keys": str(jwks)}) as server:
        new = bearer(signed(keys["stranger"], "third"))
        assert seen_as(server, new) == ""
        write_jwks(jwks, {"second": keys["second"], "third": keys["stranger"]})
        assert seen_as(server, new) == "ada@contoso.example"
        assert seen_as(server, bearer(signed(keys["first"]))) == ""
        jwks.write_text("{")
        assert seen_as(server, new) == ""
        jwks.unlink()
        assert seen_as(server, new) == ""


def test_a_channel_ends_with_its_token(keys: dict[str, RSAPrivateKey], jwks: Path) -> None:
    verifier = choose(IdentityOptions(**SIGNED, jwt_keys=jwks), None, "127.0.0.1", local=True)

    def holds(token: str) -> bool:
        headers = HTTPHeaders({"Authorization": f"Bearer {token}", "Host": "127.0.0.1"})
        return verifier.holds(HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.1"), headers=headers))

    good = signed(keys["first"])
    assert holds(good)
    assert not holds(signed(keys["first"], exp=time.time() - 60))
    write_jwks(jwks, {"second": keys["second"]})
    assert not holds(good)


def private(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_only_public_keys_are_taken(keys: dict[str, RSAPrivateKey], tmp_path: Path) -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "first", "alg": "HS256"}
    whole = jwt.algorithms.RSAAlgorithm.to_jwk(keys["first"], as_dict=True) | {"kid": "first"}
    for text in (private(keys["first"]), pem(keys["first"]) * 2, b"", b"{}", b"[]", b"\xff", b'{"keys": []}',
                 json.dumps({"keys": [secret]}).encode(), json.dumps({"keys": [whole]}).encode(),
                 b"[" * 100_000):  # fmt: skip
        (tmp_path / "keys").write_bytes(text)
        with pytest.raises(BadInput, match="keys must be a PEM file with one public key, or a JWKS file"):
            choose(IdentityOptions(**SIGNED, jwt_keys=tmp_path / "keys"), None, "127.0.0.1", local=True)


def test_an_ed25519_key_is_taken(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "keys").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert choose(IdentityOptions(**SIGNED, jwt_keys=tmp_path / "keys"), None, "127.0.0.1", local=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "needs the secret that the proxy shows, 16 printable characters"),
        ({"secret_file": Path("no/such")}, "The secret of the proxy cannot be read from no/such"),
        ({"user_header": "X-Opsnb-Secret"}, "in one header and show its secret in another"),
        ({"user_header": "X Y"}, "'X Y' is not the name of a header"),
        ({"jwt_audience": "opsnb"}, "are checked by --jwt-keys"),
        ({"jwt_keys": Path("no/such")}, "needs --jwt-audience and --jwt-issuer"),
        ({**SIGNED, "jwt_keys": Path("no/such")}, "The keys in no/such cannot be read"),
        ({**SIGNED, "jwt_keys": Path("x"), "jwt_claim": ""}, "--jwt-claim must name the claim"),
        ({**SIGNED, "jwt_keys": Path("x"), "secret_file": Path("y")}, "either signs what it says"),
        ({"tokens": Path("x")}, "--tokens belongs to --identity token"),
        ({"anyone_may_look": True}, "may-look belongs to --identity none"),
        ({"kind": "none", "secret_file": Path("x")}, "--proxy-secret-file belongs to --identity proxy"),
        ({"kind": "none", "jwt_keys": Path("x")}, "--jwt-keys belongs to --identity proxy"),
    ],
)  # fmt: skip
def test_what_could_not_hold_is_refused_at_the_start(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        choose(IdentityOptions(**{"kind": "proxy", **options}), "vera", "127.0.0.1", local=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", ["", "short", "with blanks in between", "x" * 1025, "sixteen-but-ümlaut"])
def test_a_secret_that_could_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("OPSNB_PROXY_SECRET", secret)
    with pytest.raises(BadInput, match="needs the secret that the proxy shows"):
        choose(IdentityOptions(kind="proxy"), None, "127.0.0.1", local=True)


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsnb.serve.identity.choice.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=re.escape("pip install 'opsnb[jwt]'")):
        choose(IdentityOptions(**SIGNED, jwt_keys=Path("x")), None, "127.0.0.1", local=True)
