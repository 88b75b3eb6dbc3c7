"""Whose a kernel is: one user's and one page's; to anybody else it is as if it did not exist."""

import json
import uuid
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from support.serving import Server, serving_notebooks, write_notebooks
from support.visitors import PAGE, Visitor

SECRET = "a-secret-of-the-proxy"
# What a notebook tries here must not change who acts.
TELL = """
import json, os
os.environ["OPSNB_ACTOR"] = "eve"
import opsnb
from opsnb import visit
ops = opsnb.connect(actor="eve")
now = visit.current()
refused = ""
try:
    visit.begin("/", "", "eve")
except opsnb.errors.AccessDenied as error:
    refused = str(error)
print("<<" + json.dumps([ops._who, now.path, now.query, bool(refused)]) + ">>")
"""


@pytest.fixture(scope="module", params=[0, 2], ids=["cold", "preheated"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    notebooks = write_notebooks(folder / "notebooks", runs=TELL, run=TELL)
    told = {"OPSNB_PROXY_SECRET": SECRET, "OPSNB_ACTOR": "eve", "JUPYTERHUB_API_TOKEN": "hub", "SOME_SECRET": "x"}
    with serving_notebooks(folder, notebooks, told, identity={"kind": "proxy"}, preheat=request.param) as running:
        running.wait_for_kernels(request.param)
        yield running


def person(server: Server, name: str) -> Visitor:
    return Visitor(server, **{"X-Opsnb-Secret": SECRET, "X-Forwarded-Email": name.encode().decode("latin-1")})


def refused(visitor: Visitor, kernel: str) -> tuple[int, int, int]:
    """Give the statuses with which a kernel's state, end and channels are refused."""
    with pytest.raises(InvalidStatus) as caught, visitor.channels(kernel):
        pass
    return visitor.model(kernel), visitor.end(kernel), caught.value.response.status_code


def test_each_page_is_told_its_own_visit_and_nothing_of_another(server: Server) -> None:
    asked = [
        ("ada@contoso.example", PAGE, "search=secret%20of%20ada&'\"\\%0a=%f0%9f%98%80"),
        ("bo", f"{PAGE}/7", ""),
        ("Jörg Müller", PAGE, "tenant=3"),
    ]
    for name, path, query in asked:
        said = person(server, name).said(f"{path}?{query}" if query else path)
        assert json.loads(said) == [name, path, query, True]


def test_the_kernel_of_another_is_like_one_that_does_not_exist(server: Server) -> None:
    ada, bo = person(server, "ada"), person(server, "bo")
    ada.open()
    bo.open()
    nobody = refused(bo, str(uuid.uuid4()))
    assert nobody == (404, 404, 404)
    stolen = person(server, "bo")
    stolen.cookies = {**ada.cookies, **bo.cookies}
    assert refused(bo, ada.kernel) == refused(stolen, ada.kernel) == nobody
    assert ada.model() == 200


def test_the_same_user_needs_the_cookie_of_the_page(server: Server) -> None:
    ada, elsewhere = person(server, "ada"), person(server, "ada")
    ada.open()
    elsewhere.open()
    assert refused(elsewhere, ada.kernel) == (404, 404, 404)
    with ada.channels():
        assert ada.model() == 200


def test_the_answers_for_a_foreign_and_a_missing_kernel_are_the_same(server: Server) -> None:
    ada, bo = person(server, "ada"), person(server, "bo")
    ada.open()
    bo.open()
    missing = str(uuid.uuid4())
    foreign, none = (bo.get(f"/api/kernels/{kernel}")[:2] for kernel in (ada.kernel, missing))
    assert (foreign[0], foreign[1].replace(ada.kernel, missing)) == none


def test_cookies_of_pages_that_ended_are_taken_back(server: Server) -> None:
    ada = person(server, "ada")
    for _ in range(2):
        ada.open()
        kept = [name for name in ada.cookies if "-page-" in name]
        assert [name.rpartition("-page-")[2] for name in kept] == [ada.kernel]
        assert ada.end() == 204


def test_a_kernel_knows_no_secret_of_the_server(server: Server) -> None:
    ada = person(server, "ada")
    ada.open()
    for kernel in server.kernels():
        environment = kernel.environ()
        assert environment["OPSNB_ROUTE_BASE"] == ""
        hidden = {"OPSNB_PROXY_SECRET", "OPSNB_ACTOR", "JUPYTERHUB_API_TOKEN", "SOME_SECRET"}
        assert hidden & {*environment} == set()
        assert SECRET not in " ".join(environment.values())
        assert "ada" not in environment.values()
