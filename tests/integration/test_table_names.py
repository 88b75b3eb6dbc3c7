"""The database's own names of tables are put where a table stands, and nowhere else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from opsnb.database import Database
from opsnb.load import load
from opsnb.models import metadata
from opsnb.ops import Ops
from opsnb.settings import Settings
from support.history import MANAGE, MANAGER, NOW, VIEW, add_people, add_run, execute

# Words that stand in a context, in a setting and as values too.
OWN = {name: f"{name}_of_ours" for name in metadata.tables}
CONTEXT = {
    "tenants": {"error": "boom", "workspaces": 1}, "operation_runs": [1], "it's": {"audit_logs": "tenants"},
    "kept": "SELECT 1 FROM tenants",
}  # fmt: skip


@pytest.fixture
def renamed(database: Database, open_database: Callable[..., Database]) -> Callable[..., Database]:
    """Open a database whose tables have names of its own, with settings besides."""
    for name, own in OWN.items():
        execute(database, f"ALTER TABLE {name} RENAME TO {own}")
    address = database.name if database.is_sqlite else database.url.render_as_string(hide_password=False)
    return lambda **settings: open_database(address, Settings(tables=OWN, **settings))


def test_a_retry_drops_what_the_settings_name_and_keeps_the_rest(renamed, ops_on) -> None:
    database = renamed(output_keys=("tenants", "audit_logs"))
    add_people(database)
    run_id = add_run(
        database, type="inventory.sync", status="completed", outcome="failed", completed_at=NOW, context=CONTEXT
    )
    retry = ops_on(database, MANAGER).retry(run_id)
    kept = {name: value for name, value in CONTEXT.items() if name != "tenants"}
    assert retry.context == {**kept, "triage": {"retry_of_run_id": run_id}}


def test_an_error_under_the_name_of_a_table_is_found_by_list_and_detail(renamed, ops_on) -> None:
    database = renamed(error_paths=("tenants.error",))
    add_people(database)
    run_id = add_run(database, status="completed", outcome="failed", completed_at=NOW, context=CONTEXT)
    ops: Ops = ops_on(database)
    assert [row.error for row in ops.failures().rows] == ["boom"] == [ops.run(run_id).row.error]
    assert ops.runs(type="tenants").count == ops.runs(search="operation_runs").count == 0


@pytest.mark.parametrize(("actor", "by_id"), [("7", True), ("mona@x.test", True), ("Mona", True), ("nobody", False)])
def test_a_load_is_recorded_as_the_actor_s(renamed, tmp_path: Path, actor: str, by_id: bool) -> None:
    database = renamed(actor=actor)
    capabilities = json.dumps([VIEW, MANAGE])
    execute(
        database,
        "INSERT INTO platform_users (id, name, email, capabilities, is_active) VALUES (7, 'Mona', 'mona@x.test', :c, "
        + ("1)" if database.is_sqlite else "true)").replace(":c", ":c"),
        c=capabilities,
    )
    row = {"workspace": "W", "type": "t", "status": "queued", "outcome": "pending", "created_at": "2026-01-01T00:00Z"}
    (tmp_path / "r.jsonl").write_text(json.dumps(row))
    assert load(database, tmp_path / "r.jsonl").rows == 1
    (entry,) = database.fetch(text("SELECT actor_id, actor_name, actor_email FROM audit_logs"))
    assert tuple(entry) == ((7, "Mona", "mona@x.test") if by_id else (None, "nobody", None))
    assert load(database, tmp_path / "r.jsonl", again=True).rows == 1


def test_indexes_of_the_tables_are_found(renamed) -> None:
    database = renamed()
    assert database.leading >= {"type", "tenant_id", "workspace_id"}
    assert database.finds_retries


def test_a_name_of_the_database_s_own_is_left_alone(sqlite: Database, open_database: Callable[..., Database]) -> None:
    again = open_database(sqlite.name, Settings(tables={"operation_runs": "main.operation_runs"}))
    assert again.fetch(text('SELECT count(*) FROM "main"."operation_runs"')) == [(0,)]
    assert again.fetch(text("SELECT count(*) FROM operation_runs")) == [(0,)]
