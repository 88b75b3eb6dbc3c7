"""The demo database: what is in it, and whose data it never touches."""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from opsnb import catalog, demo, schema
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.load import load
from opsnb.models import as_utc, audit_logs, operation_runs, platform_users, tenants, workspaces
from opsnb.settings import Settings

NOW = datetime(2026, 11, 23, 14, 2, 31, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    made = Database(str(path), Settings())
    demo.prepare(made, NOW)
    made.close()
    return path


@pytest.fixture
def made(demo_file: Path, tmp_path: Path, open_database: Callable[..., Database]) -> Database:
    """A demo, of SQLite; not named `database`, which would run every test on PostgreSQL too."""
    return open_database(str(shutil.copy(demo_file, tmp_path)))


@pytest.fixture
def runs(made: Database) -> list[Any]:
    return list(made.fetch(select(operation_runs)))


def test_about_three_thousand_runs_of_a_week(runs: list[Any]) -> None:
    assert 2800 < len(runs) < 3300
    created = [as_utc(run.created_at) for run in runs]
    assert NOW - timedelta(days=7, hours=1) < min(created)
    assert NOW - timedelta(minutes=5) < max(created) < NOW
    assert max(as_utc(run.completed_at) for run in runs if run.completed_at) < NOW


def test_numbers_follow_time(runs: list[Any]) -> None:
    assert [run.id for run in sorted(runs, key=lambda run: (run.created_at, run.id))] == sorted(run.id for run in runs)


def test_every_status_outcome_and_shipped_type_occurs(runs: list[Any]) -> None:
    assert {run.status for run in runs} == {"queued", "running", "completed"}
    assert {run.outcome for run in runs} == {"pending", "succeeded", "partially_succeeded", "blocked", "failed"}
    assert {row.type for row in catalog.default()} <= {run.type for run in runs}
    assert any(run.tenant_id is None for run in runs)


def test_live_runs_have_not_ended_and_some_are_stuck(runs: list[Any]) -> None:
    live = [run for run in runs if run.status != "completed"]
    assert all(run.outcome == "pending" and run.completed_at is None for run in live)
    assert all((run.started_at is not None) == (run.status == "running") for run in live)
    ages = [(run.status, NOW - as_utc(run.created_at)) for run in live]
    assert sum(status == "queued" and age > timedelta(minutes=10) for status, age in ages) == 4
    assert sum(status == "running" and age > timedelta(minutes=30) for status, age in ages) > 4


def test_retries_point_to_failures_and_are_audited(made: Database, runs: list[Any]) -> None:
    by_id = {run.id: run for run in runs}
    triage = {run.id: run.context.get("triage", {}) for run in runs}
    retries = {number: found["retry_of_run_id"] for number, found in triage.items() if "retry_of_run_id" in found}
    assert len(retries) > 8
    assert all(by_id[old].outcome == "failed" and old < new for new, old in retries.items())
    assert all(by_id[old].type == by_id[new].type for new, old in retries.items())
    rows = made.fetch(select(audit_logs))
    told = {row._mapping["metadata"]["new_run_id"]: row.resource_id for row in rows if row.action.endswith("retry")}
    assert told == retries
    assert {row.actor_email for row in rows} == {"ada@contoso.example"}


def test_one_failure_was_investigated(runs: list[Any]) -> None:
    [run] = [run for run in runs if "investigated" in run.context.get("triage", {})]
    assert run.outcome == "failed"
    assert 5 <= len(run.context["triage"]["investigated"]["reason"]) <= 500


def test_people_and_places(made: Database) -> None:
    people = {row.name: row.capabilities for row in made.fetch(select(platform_users)) if row.login is None}
    assert {name: len(may) for name, may in people.items()} == {"Nora Noaccess": 0, "Victor Viewer": 2, "Ada Byron": 3}
    assert made.fetch(select(func.count()).where(platform_users.c.login.is_not(None)))[0][0] == 1
    names = {row.name for row in made.fetch(select(workspaces))}
    assert names == {"Contoso Production", "Northwind Staging", "Bitcoin Core CI"}
    assert {"Fabrikam GmbH", "master"} <= {row.name for row in made.fetch(select(tenants))}


def _dump(database: Database) -> list[str]:
    with sqlite3.connect(str(database.url.database)) as connection:
        lines = list(connection.iterdump())
    connection.close()
    return lines


def test_the_same_moment_makes_the_same_demo(made: Database) -> None:
    before = _dump(made)
    demo.prepare(made, NOW)
    assert _dump(made) == before


def test_a_demo_is_made_anew_at_another_moment(made: Database) -> None:
    before = Counter(row.type for row in made.fetch(select(operation_runs.c.type)))
    demo.prepare(made, NOW + timedelta(days=3))
    assert Counter(row.type for row in made.fetch(select(operation_runs.c.type))) == before
    newest = as_utc(made.fetch(select(func.max(operation_runs.c.created_at)))[0][0])
    assert newest is not None
    assert newest > NOW + timedelta(days=2)


def test_a_failing_second_demo_leaves_the_first(made: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _dump(made)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("opsnb.demo.filling.write_audit", fail)
    with pytest.raises(KeyboardInterrupt):
        demo.prepare(made, NOW + timedelta(days=3))
    assert _dump(made) == before


def test_other_databases_are_refused(tmp_path: Path, sqlite: Database, open_database: Any) -> None:
    with pytest.raises(BadInput, match=r"runs\.db holds something other than the demo.*--database"):
        demo.prepare(sqlite, NOW)
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(BadInput, match="holds something other"):
        demo.prepare(open_database(str(foreign)), NOW)
    assert foreign.read_bytes() == before


def test_a_history_loaded_into_the_demo_is_safe_from_it(made: Database, tmp_path: Path) -> None:
    row = {"workspace": "W", "type": "t", "status": "queued", "outcome": "pending", "created_at": "2026-01-01"}
    (tmp_path / "r.jsonl").write_text(json.dumps(row))
    load(made, tmp_path / "r.jsonl")
    with pytest.raises(BadInput, match="something other than the demo"):
        demo.prepare(made, NOW)


def test_postgresql_takes_the_demo_once(postgres: Any, open_database: Any) -> None:
    made = open_database(postgres.create("demo_once"))
    demo.prepare(made, NOW)
    assert made.fetch(select(func.count()).select_from(operation_runs))[0][0] > 2800
    with pytest.raises(BadInput, match="something other than the demo"):
        demo.prepare(made, NOW)


def test_a_file_that_init_made_is_no_demo(sqlite: Database) -> None:
    with sqlite.change() as connection:
        assert not schema.is_demo(connection)
