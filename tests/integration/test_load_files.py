"""Files into databases: all of a file or nothing of it, on SQLite and PostgreSQL."""

import csv
import gzip
import io
import json
import os
import resource
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy import Connection, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from opsnb import schema
from opsnb.database import Database, savepoint
from opsnb.errors import BadInput, DatabaseUnavailable
from opsnb.load import find_map, load, read_map
from opsnb.load.batch import ROWS
from opsnb.models import as_utc, audit_logs, operation_runs, platform_users, tenants, workspaces
from opsnb.settings import Settings

pytestmark = pytest.mark.every_postgres

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
ROW = {"workspace": "W", "type": "t", "status": "queued", "outcome": "pending", "created_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a file of JSON lines."""

    def write_lines(*rows: dict[str, Any] | str, name: str = "r.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join((row if isinstance(row, str) else json.dumps(ROW | row)) + "\n" for row in rows))
        return path

    return write_lines


def runs(database: Database) -> list[Any]:
    return list(database.fetch(select(operation_runs).order_by(operation_runs.c.id)))


def count(database: Database, table: Any) -> int:
    return database.fetch(select(func.count()).select_from(table))[0][0]


def test_a_row_arrives_as_it_was(database: Database, write: Callable[..., Path]) -> None:
    full = {
        "id": 49621857354, "tenant": "Fabrikam GmbH", "initiator_name": "ada@contoso.example", "status": "completed",
        "outcome": "failed", "context": {"b": 1, "a": {"ü": [None, 1.5, 10**30]}},
        "started_at": "2026-01-01T02:00:00.25+02:00", "completed_at": "2025-12-31 23:59:59",
    }  # fmt: skip
    assert load(database, write(full, {}), now=NOW).rows == 2
    [numbered] = [run for run in runs(database) if run.id == 49621857354]
    assert (numbered.type, numbered.status, numbered.outcome) == ("t", "completed", "failed")
    assert numbered.initiator_name == "ada@contoso.example"
    assert numbered.context == full["context"]
    assert as_utc(numbered.started_at) == datetime(2026, 1, 1, 0, 0, 0, 250000, UTC)
    assert as_utc(numbered.completed_at) == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    [platform] = [run for run in runs(database) if run.tenant_id is None]
    assert platform.context == {}
    assert platform.started_at is None


def test_workspaces_and_tenants_go_by_name(database: Database, write: Callable[..., Path]) -> None:
    with database.change() as connection:
        known = connection.scalar(insert(workspaces).values(name="W").returning(workspaces.c.id))
    load(database, write({"tenant": "T"}, {"tenant": "T"}, {"workspace": "V", "tenant": "T"}, {"tenant": ""}))
    assert [row.name for row in database.fetch(select(workspaces).order_by(workspaces.c.id))] == ["W", "V"]
    assert count(database, tenants) == 2
    assert [run.workspace_id == known for run in runs(database)] == [True, True, False, True]


def test_rejected_rows_make_no_workspace(database: Database, write: Callable[..., Path]) -> None:
    loaded = load(database, write({"id": 1}, {"workspace": "X", "status": "?"}, {"workspace": "Y", "id": 1}))
    assert (loaded.rows, loaded.rejected) == (1, 2)
    assert count(database, workspaces) == 1


def test_rejects_name_file_line_column_and_reason(
    database: Database, write: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    path = write({"id": 3}, "{broken", {"status": "DONE"}, {"id": 3}, {"type": "\ud800"}, {"tenant": {"a": 1}})
    loaded = load(database, path, rejects=out)
    assert [(row.line, row.column) for row in loaded.first] == [
        (2, ""), (3, "status"), (5, "type"), (6, "tenant"), (4, "id"),
    ]  # fmt: skip
    assert str(loaded.first[1]) == "r.jsonl:3: status 'DONE' must be one of queued, running, completed"
    kept = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["line"] for row in kept] == ["2", "3", "5", "6", "4"]
    assert (kept[1]["file"], kept[1]["value"]) == ("r.jsonl", "DONE")
    assert json.loads(kept[1]["row"]) == ROW | {"status": "DONE"}
    assert kept[0]["row"].rstrip() == "{broken"


def test_only_the_first_few_rejects_are_remembered(database: Database, write: Callable[..., Path]) -> None:
    loaded = load(database, write({}, *[{"status": "?"}] * 2500))
    assert (loaded.rejected, len(loaded.first)) == (2500, 10)


def test_numbers_go_on_after_loaded_ones(database: Database, write: Callable[..., Path]) -> None:
    load(database, write({}, {"id": 7}, {}))
    load(database, write({}, name="more.jsonl"))
    assert len({run.id for run in runs(database)}) == 4
    assert max(run.id for run in runs(database)) == 10


def test_the_same_file_again_only_when_asked(database: Database, write: Callable[..., Path]) -> None:
    path = write({"id": 1}, {})
    load(database, path, now=NOW)
    with pytest.raises(BadInput, match=r"was loaded already on 2026-11-23 14:02:00 UTC.*--again"):
        load(database, path)
    loaded = load(database, path, again=True)
    assert (loaded.rows, loaded.rejected) == (1, 1)
    assert "is taken" in loaded.first[0].reason
    assert count(database, audit_logs) == 2


def test_what_is_taken_is_refused_alone_among_thousands(database: Database, write: Callable[..., Path]) -> None:
    load(database, write({"id": 1}))
    numbers = [*range(2, ROWS + 2), 1, *range(ROWS + 2, 3 * ROWS), 2]
    loaded = load(database, write(*({"id": number} for number in numbers), name="more.jsonl"))
    assert (loaded.rows, [reject.line for reject in loaded.first]) == (len(numbers) - 2, [ROWS + 1, len(numbers)])
    assert [run.id for run in runs(database)] == list(range(1, 3 * ROWS))


LAX = {
    "sqlite": "CREATE TABLE operation_runs (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, {rest})",
    "postgresql": "ALTER TABLE operation_runs ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED",
}


@pytest.mark.parametrize("lax", [False, True], ids=["no key", "a key that lets it pass"])
def test_what_is_taken_is_refused_whatever_the_key(database: Database, write: Callable[..., Path], lax: bool) -> None:
    load(database, write({}))
    with database.change() as connection:
        connection.execute(text("ALTER TABLE operation_runs RENAME TO keyed"))
        if not (lax and database.is_sqlite):
            connection.execute(text("CREATE TABLE operation_runs AS SELECT * FROM keyed WHERE id < 0"))
        if lax:
            rest = ", ".join(column.name for column in operation_runs.columns if column.name != "id")
            connection.execute(text(LAX[database.dialect].format(rest=rest)))
    loaded = load(database, write({"id": 4}, {"id": 5, "type": "first"}, {"id": 5}, name="more.jsonl"))
    assert (loaded.rows, loaded.rejected) == (2, 1)
    assert [(run.id, run.type) for run in runs(database)] == [(4, "t"), (5, "first")]


def test_the_name_of_a_table_may_be_spelled_otherwise_in_sqlite(sqlite: Database, write: Callable[..., Path]) -> None:
    load(sqlite, write({"id": 1}))
    with sqlite.change() as connection:
        connection.execute(text("ALTER TABLE operation_runs RENAME TO other"))
        connection.execute(text("ALTER TABLE other RENAME TO Operation_Runs"))
    assert load(sqlite, write({"id": 2}, {"id": 1}, name="more.jsonl")).rows == 1


def test_the_load_is_audited(open_database: Callable[..., Database], sqlite_url: str, write: Any) -> None:
    database = open_database(sqlite_url, Settings(actor="ada@contoso.example"))
    person = {"name": "Ada", "email": "ada@contoso.example", "capabilities": [], "is_active": True}
    with database.change() as connection:
        connection.execute(insert(platform_users), [person])
    load(database, write({}, {"status": "?"}), now=NOW)
    [row] = database.fetch(select(audit_logs))
    assert (row.action, row.resource_type, row.status, row.actor_name) == ("opsnb.load", "file", "success", "Ada")
    assert (row.actor_email, as_utc(row.recorded_at)) == ("ada@contoso.example", NOW)
    told = row._mapping["metadata"]
    assert (told["name"], told["rows"], told["rejected"], len(told["sha256"])) == ("r.jsonl", 1, 1, 64)


def test_a_file_without_one_good_row_writes_nothing(database: Database, write: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match=r"No row of .*r.jsonl could be loaded \(2 rejected\).*found workspace, type"):
        load(database, write({"status": "?"}, {"status": "!"}))
    assert count(database, audit_logs) == count(database, workspaces) == 0


@pytest.mark.parametrize("data", ['{"a": 1}\n' * 3, "[]", '{\n "runs": []\n}\n', "a plain sentence\n"])
def test_a_file_of_another_shape(database: Database, tmp_path: Path, data: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(data)
    with pytest.raises(BadInput, match=r"other\.json"):
        load(database, path)
    assert count(database, operation_runs) == 0


def test_a_csv_of_other_columns_says_which_it_has(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("name;when\na;b\n")
    with pytest.raises(BadInput, match=r"has no column workspace, .*it has name;when\. .*--delimiter ';'"):
        load(database, path)
    with pytest.raises(BadInput, match="has no column workspace, job"):
        load(database, path, read_map("[columns]\ntype = 'job'"), delimiter=";")


def test_an_end_in_the_middle_leaves_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps([ROW] * 3000)[:-40])
    with pytest.raises(BadInput, match="stops being JSON after row 2999"):
        load(database, path)
    assert count(database, operation_runs) == count(database, workspaces) == 0


def test_a_full_disk_is_named_and_leaves_nothing(sqlite: Database, write: Callable[..., Path]) -> None:
    event.listen(sqlite.writer, "connect", lambda made, _record: made.execute("PRAGMA max_page_count = 120"))
    before = count(sqlite, audit_logs)
    with pytest.raises(DatabaseUnavailable, match=r"There is no disk space left for .*runs\.db"):
        load(sqlite, write(*[{"context": {"log": "x" * 1000}}] * 2500))
    assert count(sqlite, operation_runs) == count(sqlite, workspaces) == 0
    assert count(sqlite, audit_logs) == before


def test_where_sqlite_ended_the_transaction_the_first_error_is_raised(sqlite: Database) -> None:
    with sqlite.change() as connection, pytest.raises(IntegrityError), savepoint(connection):
        _end_and_fail(connection)


def _end_and_fail(connection: Connection) -> None:
    connection.exec_driver_sql("ROLLBACK")  # as SQLite does by itself where a disk is full
    connection.exec_driver_sql("INSERT INTO workspaces (id, name) VALUES (1, NULL)")


def test_a_file_that_cannot_be_unpacked_is_said(sqlite: Database, tmp_path: Path) -> None:
    path, unpacked = tmp_path / "r.parquet.gz", io.BytesIO()
    parquet.write_table(pa.table({"context": [os.urandom(2**21)]}), unpacked)
    path.write_bytes(gzip.compress(unpacked.getvalue(), 1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, limits[1]))  # a file that grows no more, as on a full disk
    try:
        with pytest.raises(BadInput, match=r"The file cannot be unpacked in .*: File too large"):
            load(sqlite, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_an_interrupt_leaves_nothing(database: Database, write: Callable[..., Path]) -> None:
    def interrupt(_position: int, rows: int) -> None:
        assert rows
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(database, write(*[{}] * 2500), progress=interrupt)
    assert count(database, operation_runs) == count(database, workspaces) == count(database, audit_logs) == 0
    assert load(database, write(*[{}] * 2500)).rows == 2500


def test_what_the_database_itself_refuses_is_one_rejected_row(database: Database, write: Callable[..., Path]) -> None:
    retry = {"context": {"triage": {"retry_of_run_id": 1}}}
    loaded = load(database, write({}, retry, retry, {}))
    assert (loaded.rows, loaded.rejected) == (3, 1)
    assert "the database refuses it" in loaded.first[0].reason


def test_nul_is_for_sqlite_alone(database: Database, write: Callable[..., Path]) -> None:
    loaded = load(database, write({"type": "a\0b"}, {"context": {"x": "a\0b"}}, {"context": {"x": "\\u0000"}}))
    assert (loaded.rows, loaded.rejected) == ((3, 0) if database.is_sqlite else (1, 2))
    assert all("NUL" in reject.reason for reject in loaded.first)


def test_columns_that_nobody_asked_for_are_told(database: Database, write: Callable[..., Path]) -> None:
    assert load(database, write({"note": 1, "more": {}})).ignored == ("note", "more")
    rest = read_map('context = "rest"')
    assert load(database, write({"note": 2}, name="b.jsonl"), rest).ignored == ()
    assert runs(database)[-1].context == {"note": 2}


def test_the_rejects_may_not_replace_the_file(database: Database, write: Callable[..., Path], tmp_path: Path) -> None:
    path = write({})
    with pytest.raises(BadInput, match="is the file being loaded"):
        load(database, path, rejects=path)
    with pytest.raises(BadInput, match="cannot be written"):
        load(database, path, rejects=tmp_path / "no" / "out.csv")


def test_progress_tells_bytes_and_rows(database: Database, write: Callable[..., Path]) -> None:
    told: list[tuple[int, int]] = []
    path = write(*[{}] * 2500)
    load(database, path, progress=lambda position, rows: told.append((position, rows)))
    assert told[-1] == (path.stat().st_size, 2500)
    assert told == sorted(told)


def test_a_new_file_is_made(tmp_path: Path, open_database: Callable[..., Database], write: Any) -> None:
    database = open_database(str(tmp_path / "new" / "runs.db"))
    load(database, write({}))
    assert count(database, operation_runs) == count(database, platform_users) == 1


def test_a_failed_load_leaves_no_new_file(tmp_path: Path, open_database: Callable[..., Database], write: Any) -> None:
    database = open_database(str(tmp_path / "new.db"))
    with pytest.raises(BadInput):
        load(database, write({"status": "?"}))
    assert not list(tmp_path.glob("new.db*"))


def test_a_failed_load_leaves_an_empty_file_empty(tmp_path: Path, open_database: Any, write: Any) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(BadInput):
        load(open_database(str(path)), write({"status": "?"}))
    assert path.exists()
    assert load(open_database(str(path)), write({})).rows == 1


def test_an_empty_postgresql_database_gets_its_tables(postgres: Any, open_database: Any, write: Any) -> None:
    database = open_database(postgres.create("load_empty"))
    with pytest.raises(BadInput):
        load(database, write({"status": "?"}))
    with database.change() as connection:
        assert not schema.holds_runs_table(connection, database)
    assert load(database, write({})).rows == 1


def test_the_excerpt_of_real_runs(database: Database) -> None:
    path = Path(schema.__file__).parent / "demo" / "bitcoin-core-ci.jsonl.gz"
    loaded = load(database, path, find_map("bitcoin-core-ci"))
    assert (loaded.rows, loaded.rejected) == (2578, 0)
    found = runs(database)
    assert sum(as_utc(run.completed_at) < as_utc(run.started_at) for run in found) == 12
    assert {run.context["status"] for run in found if run.outcome == "failed"} == {"FAILED", "ABORTED"}
    assert not any("branch" in run.context["build"] for run in found)
    assert {value for run in found for value in run.context["runtime_stats"].values()}.isdisjoint({-1, ""})


FOREIGN = """
CREATE TABLE workspaces (id integer PRIMARY KEY, name text);
CREATE TABLE tenants (id integer PRIMARY KEY, workspace_id integer, name text);
CREATE TABLE platform_users (id integer PRIMARY KEY, name text, email text, capabilities text, is_active boolean);
CREATE TABLE operation_runs (id integer PRIMARY KEY, workspace_id integer, tenant_id integer, initiator_name text,
    type text CHECK (type <> 'forbidden'), status text, outcome text, context text, created_at text, started_at text,
    completed_at text, region text DEFAULT 'eu');
CREATE TABLE audit_logs (id integer PRIMARY KEY, workspace_id integer, tenant_id integer, actor_id integer,
    actor_name text, actor_email text, action text, resource_type text, resource_id integer, status text,
    metadata text, recorded_at text);
"""


def test_a_database_made_by_others_is_loaded_and_not_altered(tmp_path: Path, open_database: Any, write: Any) -> None:
    connection = sqlite3.connect(tmp_path / "foreign.db")
    connection.executescript(FOREIGN)
    before = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    database = open_database(str(tmp_path / "foreign.db"))
    loaded = load(database, write({}, {"type": "forbidden"}, {}))
    assert (loaded.rows, [reject.line for reject in loaded.first]) == (2, [2])
    assert connection.execute("SELECT DISTINCT region FROM operation_runs").fetchall() == [("eu",)]
    assert connection.execute("SELECT name, sql FROM sqlite_master").fetchall() == before
    connection.close()
