"""What a picker offers leads to its own rows, and a search folds case alike on every database."""

from collections.abc import Iterator

import pytest

from opsnb import links, schema
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.ops import Ops
from opsnb.text import fold
from opsnb.widgets.console import Console
from support.history import add_people, add_run, add_tenant, add_workspace
from support.postgres import VERSIONS, PostgresServer

NAMES = ["sync", " sync", "sync ", " sync ", "  ", "#5", "5", "-", "a,b", "x" * 600, "é", "e\u0301", "\u00a0sync"]


def chosen(ops: Ops, name: str, value: str) -> list[int]:
    """Follow a picker as a reader would: by an address."""
    console = Console(ops)
    console.go(links.page(links.Page.RUNS, {name: value}))
    assert console._parts.run_list.state["error"] == ""
    return [int(row["id"]) for row in console._parts.run_list.state["rows"]]


@pytest.mark.parametrize(("filter_", "column"), [("type", "type"), ("initiator", "initiator_name")])
def test_each_type_and_initiator_that_is_offered_leads_to_its_own_rows(
    database: Database, ops: Ops, filter_: str, column: str
) -> None:
    own = {name: add_run(database, **{column: name}) for name in NAMES}
    offered = [choice.value for choice in ops.choices(filter_)]
    assert {*offered} >= {*NAMES}
    for name, number in own.items():
        assert chosen(ops, filter_, name) == [number]


def test_a_name_that_no_filter_takes_is_not_offered(database: Database, ops: Ops) -> None:
    add_run(database, initiator_name="", type="x" * 2_001)
    assert "" not in [choice.value for choice in ops.choices("initiator")]
    assert ops.choices("type") == []


@pytest.mark.parametrize("kind", ["workspace", "tenant"])
def test_each_place_that_is_offered_leads_to_its_own_rows(database: Database, ops: Ops, kind: str) -> None:
    add_workspace(database, "Aurora", id=1)
    own = {}
    for number, name in enumerate([*NAMES, "7", "1001"], 2):
        place = add_workspace(database, name, id=number) if kind == "workspace" else 1
        tenant = add_tenant(database, 1, name, id=number) if kind == "tenant" else None
        own[f"#{number}"] = add_run(database, workspace_id=place, tenant_id=tenant)
    offered = {choice.value: choice.label for choice in ops.choices(kind)}
    assert offered.keys() >= own.keys()
    for value, number in own.items():
        assert chosen(ops, kind, value) == [number]
        assert [row.id for row in ops.runs(**{kind: int(value[1:])}).rows] == [number]


def test_an_exact_name_goes_before_a_number_unless_both_are_there(database: Database, ops: Ops) -> None:
    add_workspace(database, "Aurora", id=1)
    named = add_run(database, tenant_id=add_tenant(database, 1, "1001", id=7))
    assert [row.id for row in ops.runs(tenant="1001").rows] == [named]
    assert ops.count(tenant="1001") == 1
    assert ops.activity(tenant="1001").buckets
    numbered = add_run(database, tenant_id=add_tenant(database, 1, "Contoso", id=1001))
    for ask in (ops.runs, ops.count, ops.activity, ops.failure_groups):
        with pytest.raises(BadInput, match=r"write tenant=#1001 for the number, or tenant=#7 for the one of that name"):
            ask(tenant="1001")
    assert [row.id for row in ops.runs(tenant=1001).rows] == [numbered]
    assert [row.id for row in ops.runs(tenant="#1001").rows] == [numbered]
    assert [row.id for row in ops.runs(tenant="#7").rows] == [named]
    assert [row.id for row in ops.runs(tenant=" 7 ").rows] == [named]
    own = add_run(database, tenant_id=add_tenant(database, 1, "8", id=8))
    assert [row.id for row in ops.runs(tenant="8").rows] == [own]


def test_a_place_is_named_by_its_number_or_there_is_none(database: Database, ops: Ops) -> None:
    add_workspace(database, "Aurora", id=1)
    assert ops.label("workspace", 1) == "Aurora"
    for number in (2, 2**63, -1):
        with pytest.raises(BadInput, match=f"There is no workspace with the number {number}."):
            ops.label("workspace", number)


CASES = [
    ("ünïcode", "Ünïcode", True), ("ÜNÏCODE", "ünïcode", True), ("ДОСТУП", "доступ", True), ("οδοσ", "ΟΔΟΣ", True),
    ("οδος", "ΟΔΟΣ", True), ("ΟΔΟΣ", "οδος", True), ("istanbul", "İstanbul", True), ("İSTANBUL", "istanbul", True),
    ("ISTANBUL", "ıstanbul", False), ("straße", "STRAẞE", True), ("strasse", "Straße", False),
    ("resume", "RÉSUMÉ", False), ("K", "\u212a", True), ("ǆ", "Ǆ", True), ("ﬀ", "FF", False),
]  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def utf8(request: pytest.FixtureRequest, open_database) -> Iterator[Database]:
    """SQLite, and a PostgreSQL whose locale knows more letters than ASCII; the tests' own has the locale C."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    running: PostgresServer = request.getfixturevalue("postgres_of")(VERSIONS[0])
    running.execute("CREATE DATABASE letters TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'")
    database = open_database(running.url("letters"))
    schema.init(database)
    yield database
    database.close()
    running.drop("letters")


@pytest.mark.parametrize(("words", "name", "hit"), CASES)
def test_a_search_folds_case(utf8: Database, ops_on, words: str, name: str, hit: bool) -> None:
    add_people(utf8)
    ops = ops_on(utf8)
    add_workspace(utf8, "Aurora", id=1)
    runs = {
        add_run(utf8, initiator_name=f"x {name} y"),
        add_run(utf8, type=f"x {name} y", initiator_name=None),
        add_run(utf8, tenant_id=add_tenant(utf8, 1, f"x {name} y"), initiator_name=None),
    }
    assert {row.id for row in ops.runs(search=words).rows} == (runs if hit else set())
    for kind in ("initiator", "type", "tenant"):
        assert len(ops.choices(kind, words)) == (1 if hit else 0)
    assert (fold(words) in fold(f"x {name} y")) == hit
