"""The statements of docs/workers.md do what it says."""

import re
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from opsnb.database import Database
from support.workers import context, operator, queue

DOC = Path(__file__).parents[2] / "docs" / "workers.md"


def documented(database: Database) -> dict[str, str]:
    found = re.findall(r"```sql\n-- (\w+): (\w+)\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    return {step: statement for kind, step, statement in found if kind == name}


def test_the_documented_statements_hold_to_the_contract(database):
    manager = operator(database)
    says = documented(database)
    assert set(says) == {"find", "claim", "progress", "finish"}
    numbers = queue(database, 2, type="report.nightly")
    mine = {
        "worker": '{"name": "w", "claimed_at": "t"}',
        "progress": '{"done": 1}',
        "error": '"gone"',
        "outcome": "failed",
    }

    def change(step: str, number: int, **values: str) -> int:
        wanted = {**mine, **values, "id": number}
        statement = text(says[step])
        with database.change() as connection:
            return connection.execute(statement, {name: wanted[name] for name in statement._bindparams}).rowcount

    with database.change() as connection:
        assert connection.execute(text(says["find"])).one().id == numbers[0]
    assert [change("claim", numbers[0]) for _ in range(2)] == [1, 0]
    with database.change() as connection:
        assert connection.execute(text(says["find"])).one().id == numbers[1]
    assert change("progress", numbers[0]) == 1
    manager.mark_investigated(numbers[0], reason="looked into")
    theirs = '{"name": "w", "claimed_at": "later"}'
    assert [change(step, numbers[0], worker=theirs) for step in ("progress", "finish")] == [0, 0]
    assert [change("finish", numbers[0]) for _ in range(2)] == [1, 0]
    run, told = manager.run(numbers[0]), context(database, numbers[0])
    assert (run.status, run.outcome) == ("completed", "failed")
    assert run.created_at <= run.started_at + timedelta(milliseconds=1)
    assert run.started_at <= run.completed_at
    assert (told["error"], told["progress"], told["triage"]["note"]) == ("gone", {"done": 1}, "kept")
    assert told["triage"]["investigated"]["reason"] == "looked into"


def test_sqlite_finds_a_queued_run_by_the_index_of_live_ones(sqlite):
    plans = sqlite.fetch(text("EXPLAIN QUERY PLAN " + documented(sqlite)["find"]))
    assert "ix_runs_live" in plans[0][-1]
