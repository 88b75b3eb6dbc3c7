"""What is copied as Python gives, where it is run, what was on screen."""

import ast
from urllib.parse import urlencode

import pytest
from IPython.core.interactiveshell import InteractiveShell

from opsnb import connect
from opsnb.links import Page
from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.masking import Masker
from opsnb.settings import Settings
from opsnb.widgets.as_python import list_as_python, run_as_python
from opsnb.widgets.console import Console
from support.history import NOW, VIEWER, add_people, add_run, add_runs, add_tenant, before

MASKER = Masker(Settings().secret_keys)
HOSTILE = ["a'b\"c", "\\", "'); __import__('os')._exit(1) #", "line\nbreak", "\u202eevil", "\x1b[0m", "{x}", "Zoë ∞ 🦆"]


@pytest.fixture
def here(ops):
    """A notebook, whose `ops` is what the console was made of."""
    shell = InteractiveShell.instance()
    shell.user_ns["ops"] = ops
    yield shell
    InteractiveShell.clear_instance()


def shown(ops, address: str) -> tuple[list[str], str]:
    """Give the numbers of the rows that a list shows, and what its button copies."""
    console = Console(ops)
    console.go(address)
    state = console._parts[1].state
    return [row["id"] for row in state["rows"]], state["python"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"type": "backup.run", "since": "7d"},
        {"unhandled": "true", "outcome": "failed", "until": "2026-11-23T10:00:00Z"},
        {"workspace": "1", "tenant": "-", "status": "running,completed", "search": "ada"},
        {"tenant": "1", "unhandled": "false"},
        {"initiator": HOSTILE[0], "search": HOSTILE[2]},
        {"group": ErrorTexts(MASKER).group("backup.run", None), "since": "7d", "unhandled": "true"},
    ],
)
@pytest.mark.parametrize("page", ["runs", "failures", "stuck"])
def test_a_list_is_the_same_in_a_cell(here, ops, database, page: str, query: dict) -> None:
    tenant = add_tenant(database, 1, "Fabrikam") if add_run(database) else 0
    add_runs(
        database,
        [
            {"created_at": before(hours=n / 3), "outcome": ("failed", "succeeded")[n % 2], "initiator_name": "Ada",
             "type": ("backup.run", "inventory.sync")[n % 3 == 0], "tenant_id": (None, tenant)[n % 5 == 0]}
            for n in range(90)
        ]
        + [{"status": "running", "created_at": before(hours=40)}],
    )  # fmt: skip
    numbers, line = shown(ops, f"/system/ops/{page}?{urlencode(query)}")
    assert "\n" not in line
    frame = eval(line, here.user_ns)
    assert [str(number) for number in frame["id"]] == numbers


@pytest.mark.parametrize(
    "address",
    [
        "runs",
        "failures?unhandled=true&until=2026-11-23T13:59:00Z",
        f"failures?group={ErrorTexts(MASKER).group('inventory.sync', None)}",
    ],
)
def test_the_second_page_is_the_second_page(here, ops, database, address: str) -> None:
    add_runs(database, [{"outcome": "failed", "created_at": before(minutes=n)} for n in range(1, 71)])
    console = Console(ops)
    console.go(f"/system/ops/{address}")
    console.go(console._parts[1].state["pager"]["older"])
    state = console._parts[1].state
    assert [str(n) for n in eval(state["python"], here.user_ns)["id"]] == [row["id"] for row in state["rows"]]
    assert len(state["rows"]) in (19, 20)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_any_kind_stays_one_argument(here, ops, text: str) -> None:
    line = list_as_python(ops, Page.RUNS, {"initiator": text, "workspace": text, "unhandled": text})
    call = ast.parse(line, mode="eval").body.func.value
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords} == dict.fromkeys(
        ("workspace", "initiator", "unhandled"), text
    )
    assert line.isprintable()


def test_an_operation_is_the_same_in_a_cell(here, ops, database) -> None:
    number = add_run(database, outcome="failed")
    line = Console(ops, "run", number)._parts[2].state["python"]
    assert eval(line, here.user_ns).row == ops.run(number).row


def test_it_takes_the_name_that_the_notebook_has(here, ops) -> None:
    here.user_ns["ours"] = here.user_ns.pop("ops")
    assert run_as_python(ops, 7) == "ours.run(7)"


@pytest.mark.parametrize("voila", [True, False])
def test_taken_elsewhere_it_connects_by_itself(sqlite, sqlite_url, monkeypatch, voila: bool) -> None:
    add_people(sqlite)
    number = add_run(sqlite, outcome="failed")
    monkeypatch.setenv("OPSNB_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("OPSNB_ACTOR", VIEWER)
    monkeypatch.setenv("OPSNB_NOW", NOW.isoformat())  # for the lines that were copied, too
    if voila:
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    numbers, lines = shown(connect(), "/system/ops/failures?unhandled=true")
    *before_it, last = lines.splitlines()
    names: dict = {}
    exec("\n".join(before_it), names)
    assert [str(n) for n in eval(last, names)["id"]] == numbers == [str(number)]
    names["ops"].close()


def test_a_page_of_another_size_says_its_size(database, ops_on, open_database, sqlite_url) -> None:
    ops = ops_on(open_database(sqlite_url, Settings(page_size=7)))
    assert list_as_python(ops, Page.STUCK, {}).endswith("ops.stuck(limit=7).to_frame()")
