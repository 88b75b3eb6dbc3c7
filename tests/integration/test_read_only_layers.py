"""What keeps a published page from changing anything: three layers, each of which holds without the other two."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

import opsnb
from opsnb.access import Capability
from opsnb.database import Database
from opsnb.errors import AccessDenied, DatabaseUnavailable, OpsnbError
from opsnb.ops import Ops
from opsnb.settings import Settings
from support import gate
from support.history import MANAGER, add_people, add_run
from support.postgres import PostgresServer

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy.md"
ACTS: dict[str, Callable[[Ops, int], object]] = {
    "retry": lambda ops, run: ops.retry(run),
    "cancel": lambda ops, run: ops.cancel(run),
    "mark": lambda ops, run: ops.mark_investigated(run, reason="The disk was full."),
}
act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


@pytest.fixture
def run(database: Database, act: Callable[[Ops, int], object]) -> int:
    """A run that the act may be done to."""
    add_people(database)
    if act is ACTS["cancel"]:
        return add_run(database, type="inventory.sync", status="running", outcome="pending")
    return add_run(database, type="inventory.sync", status="completed", outcome="failed")


def everything(database: Database) -> list[object]:
    tables = ("operation_runs", "audit_logs")
    return [database.fetch(text(f"SELECT * FROM {table} ORDER BY id")) for table in tables]


@act
def test_without_any_layer_the_act_is_done(database, run, act, ops_on) -> None:
    before = everything(database)
    act(ops_on(database, MANAGER), run)
    assert everything(database) != before


@act
def test_the_capability_alone_holds(database, run, act, ops_on) -> None:
    ops, before = ops_on(database, MANAGER, read_only=True), everything(database)
    assert not ops.can(Capability.MANAGE)
    with pytest.raises(AccessDenied, match="read-only place"):
        act(ops, run)
    assert everything(database) == before


@act
def test_the_engine_alone_holds(database, run, act, ops_on) -> None:
    closed = Database(database.url.render_as_string(hide_password=False), database.settings, read_only=True)
    ops, before = ops_on(closed, MANAGER), everything(database)
    assert ops.can(Capability.MANAGE)
    with pytest.raises((AccessDenied, DatabaseUnavailable)):
        act(ops, run)
    closed.close()
    assert everything(database) == before


@pytest.fixture
def as_viewer(gate_server: PostgresServer, gated: str) -> Iterator[Database]:
    database = Database(gate_server.url(gated).replace("postgres@", f"{gate.VIEWER}@"), Settings())
    yield database
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operation_runs SET status = 'completed', outcome = 'failed' WHERE id = 3",
        "UPDATE operation_runs SET context = '{}' WHERE id = 1",
        "INSERT INTO operation_runs (workspace_id, type, status, outcome) VALUES (1, 'x', 'queued', 'pending')",
        "DELETE FROM operation_runs",
        "INSERT INTO audit_logs (action, status) VALUES ('x', 'success')",
        "UPDATE platform_users SET is_active = true",
    ],
)
def test_the_viewers_login_alone_holds(gate_server, gated, as_viewer: Database, statement: str) -> None:
    with gate.enter(gate_server, gated, "postgres") as admin:
        before = gate.kept(admin)
        with pytest.raises(DatabaseUnavailable, match="right"), as_viewer.change() as connection:
            connection.execute(text(statement))
        assert gate.kept(admin) == before


@pytest.fixture
def as_dashboard(postgresql: Database) -> Iterator[Database]:
    """The database as the login that docs/deploy.md makes for the server sees it."""
    [script] = re.findall("```sql\n(.*?)```", DEPLOY.read_text(), re.DOTALL)
    statements = script.replace("DATABASE ops", f"DATABASE {postgresql.url.database}").split(";")
    with postgresql.change() as connection:
        for statement in filter(str.strip, statements):
            connection.exec_driver_sql(statement)
    url = postgresql.url.set(username="opsnb_dashboard").render_as_string(hide_password=False)
    database = Database(url, postgresql.settings)
    yield database
    database.close()
    with postgresql.change() as connection:
        connection.exec_driver_sql("DROP OWNED BY opsnb_dashboard")
        connection.exec_driver_sql("DROP ROLE opsnb_dashboard")


@act
def test_the_dashboards_login_alone_holds(postgresql: Database, as_dashboard: Database, act, ops_on) -> None:
    add_people(postgresql)
    status = ("running", "pending") if act is ACTS["cancel"] else ("completed", "failed")
    number = add_run(postgresql, type="inventory.sync", status=status[0], outcome=status[1])
    ops, before = ops_on(as_dashboard, MANAGER), everything(postgresql)
    assert [row.id for row in ops.runs().rows] == [number]
    with pytest.raises(OpsnbError):
        act(ops, number)
    with pytest.raises(DatabaseUnavailable, match="right"), as_dashboard.change() as connection:
        connection.execute(text("UPDATE operation_runs SET status = 'queued'"))
    assert everything(postgresql) == before


@pytest.mark.parametrize(
    "told", [{"VOILA_PREHEAT": "False"}, {"SERVER_SOFTWARE": "voila/0.5"}, {"OPSNB_READ_ONLY": "1"}]
)
def test_a_published_page_has_the_first_two(database, monkeypatch: pytest.MonkeyPatch, told: dict[str, str]) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ops = opsnb.connect(database.url.render_as_string(hide_password=False), actor=MANAGER, read_only=False)
    assert (ops.read_only, ops.database.read_only) == (True, True)
    ops.close()
