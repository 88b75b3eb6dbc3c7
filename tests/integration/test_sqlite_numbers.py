"""SQLite tables that give a new operation no number: named by the doctor, and nothing is written without one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from opsnb.database import Database
from opsnb.doctor import examine
from opsnb.errors import BadInput, TriageRefused
from opsnb.load import load
from support.history import MANAGER, NOW, add_people, add_run, execute

ROW = {"workspace": "W", "type": "t", "status": "completed", "outcome": "failed", "created_at": "2026-01-01T00:00:00Z"}
COLUMNS = """workspace_id INTEGER NOT NULL, tenant_id INTEGER, initiator_name TEXT, type TEXT NOT NULL,
    status TEXT NOT NULL, outcome TEXT NOT NULL, context TEXT, created_at TEXT, started_at TEXT, completed_at TEXT"""
# What the declaration of the table is, and whether it gives numbers.
TABLES = {
    "id INTEGER PRIMARY KEY, {}": True,
    "id INTEGER, {}, PRIMARY KEY (id)": True,
    "id integer PRIMARY KEY AUTOINCREMENT, {}": True,
    "id INT PRIMARY KEY, {}": False,
    "id BIGINT PRIMARY KEY, {}": False,
    "id INTEGER PRIMARY KEY DESC, {}": False,
    "id INTEGER UNIQUE, {}": False,
    "id INTEGER, {}, PRIMARY KEY (id, type)": False,
}


@pytest.fixture(params=TABLES.items(), ids=TABLES)
def made(request: pytest.FixtureRequest, sqlite: Database) -> tuple[Database, bool]:
    declared, numbers = request.param
    execute(sqlite, "DROP TABLE operation_runs")
    execute(sqlite, f"CREATE TABLE operation_runs ({declared.format(COLUMNS)})")
    return sqlite, numbers


def problems(database: Database) -> list[str]:
    return [found.what for found in examine(database) if found.severity == "problem"]


def test_the_doctor_names_it(made: tuple[Database, bool]) -> None:
    database, numbers = made
    assert any("is no INTEGER PRIMARY KEY" in problem for problem in problems(database)) is not numbers
    if not numbers:
        execute(database, "INSERT INTO operation_runs (workspace_id, type, status, outcome) VALUES (1, 't', 'x', 'y')")
        assert "1 rows of operation_runs have no id" in " ".join(problems(database))


def test_rows_without_a_number_are_rejected(made: tuple[Database, bool], tmp_path: Path) -> None:
    database, numbers = made
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (ROW, ROW | {"id": 7}, ROW)))
    loaded = load(database, path)
    assert (loaded.rows, loaded.rejected) == ((3, 0) if numbers else (1, 2))
    path.write_text(json.dumps(ROW) + "\n")
    if not numbers:
        with pytest.raises(BadInput, match="the database gives none: its column id is no INTEGER PRIMARY KEY"):
            load(database, path)


def test_a_retry_is_refused_and_nothing_is_written(made: tuple[Database, bool], ops_on: Callable[..., object]) -> None:
    database, numbers = made
    add_people(database)
    run_id = add_run(database, id=3, type="inventory.sync", status="completed", outcome="failed", completed_at=NOW)
    mona = ops_on(database, MANAGER)
    if numbers:
        assert mona.retry(run_id).id == 4
        return
    with pytest.raises(TriageRefused, match="it gives a new operation no number"):
        mona.retry(run_id)
    with database.look() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM operation_runs").scalar() == 1
        statuses = connection.exec_driver_sql("SELECT status FROM audit_logs").scalars().all()
    assert statuses == ["refused"]
