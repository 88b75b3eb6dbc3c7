"""Databases that cannot answer: one sentence that says why and what to do, and work goes on when they can again."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from opsnb import schema
from opsnb.database import Database
from opsnb.errors import AccessDenied, BadInput, DatabaseUnavailable, QueryTimeout
from opsnb.settings import Settings
from support.history import VIEWER, add_people, add_run, add_runs, before
from support.postgres import server

IMPATIENT = Settings(lock_timeout=timedelta(milliseconds=50), statement_timeout=timedelta(milliseconds=200))


@pytest.fixture
def path(sqlite_url, open_database):
    """Path of an SQLite database with people and one run, in a rollback journal, nobody connected."""
    database = open_database(sqlite_url)
    add_people(database)
    add_run(database)
    database.close()
    with sqlite3.connect(sqlite_url) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    return Path(sqlite_url)


def refusal(ops, ask=lambda ops: ops.runs()):
    with pytest.raises(DatabaseUnavailable) as caught:
        ask(ops)
    said = str(caught.value)
    assert ops.database.name in said
    assert "\n" not in said
    assert said.endswith(".")
    return said


def missing(path):
    path.unlink()


def folder(path):
    path.unlink()
    path.mkdir()


def prose(path):
    path.write_text("Dear diary, " * 1000)


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def scribbled(path):
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xee" * (len(data) - 4096)
    path.write_bytes(data)


def empty(path):
    path.write_bytes(b"")


def another_application_s(path):
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
    connection.commit()
    connection.close()


def with_too_few_columns(path):
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE platform_users DROP COLUMN capabilities")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (missing, "There is no database at {}; run opsnb load or opsnb demo to make one"),
        (folder, "{} is a folder; name the database file in it"),
        (prose, "{} is not an SQLite database; name another file"),
        (truncated, "{} is damaged; restore it from a backup"),
        (scribbled, "{} is damaged; restore it from a backup"),
        (empty, "{} holds no usable operation runs"),
        (another_application_s, "{} holds no usable operation runs"),
        (with_too_few_columns, "{} holds no usable operation runs"),
    ],
)
def test_a_file_that_is_no_usable_database(path, open_database, ops_on, break_it, said):
    break_it(path)
    assert refusal(ops_on(open_database(str(path)))).startswith(said.format(path))


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder in which this process cannot create a file, also where it runs as root."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))  # a run keeps its own temporary folder from other users
    user = os.geteuid()
    yield folder
    if user == 0:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_file_in_wal_mode_where_nothing_can_be_created(sqlite_url, closed_folder, open_database, ops_on):
    path = Path(shutil.copy(sqlite_url, closed_folder / "runs.db"))
    path.chmod(0o444)
    closed_folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may write into any folder
    with pytest.raises(DatabaseUnavailable) as refused:
        ops_on(open_database(str(path))).runs()
    assert "is in WAL mode" in str(refused.value)
    assert "PRAGMA journal_mode = DELETE" in str(refused.value)
    assert "permissions" not in str(refused.value)


def test_a_file_locked_by_another_program(path, open_database, ops_on):
    ops = ops_on(open_database(str(path), IMPATIENT))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert "is locked by another process; wait for it to finish, then refresh" in refusal(ops)
    holder.execute("ROLLBACK")
    holder.close()
    assert ops.runs().count == 1


def test_a_file_deleted_while_open_and_restored(path, open_database, ops_on):
    ops = ops_on(open_database(str(path)))
    assert ops.runs().count == 1
    kept = path.read_bytes()
    path.unlink()
    assert "There is no database at" in refusal(ops)
    path.write_bytes(kept)
    assert ops.runs().count == 1


def test_a_file_replaced_while_open_is_read_anew(path, open_database, ops_on, tmp_path):
    ops = ops_on(open_database(str(path)))
    ops.runs()
    other = tmp_path / "new.db"
    other.write_bytes(path.read_bytes())
    database = open_database(str(other))
    add_runs(database, [{}, {}])
    database.close()
    other.rename(path)
    assert ops.runs().count == 3


def test_a_statement_that_takes_too_long_is_stopped(sqlite_url, postgres_url, open_database):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    for url in (sqlite_url, postgres_url):
        database = open_database(url, IMPATIENT)
        with pytest.raises(QueryTimeout) as caught:
            database.fetch(text(endless))
        assert str(caught.value).startswith(f"{database.name} took too long over this and was stopped; narrow it")
        assert database.fetch(text("SELECT 1")) == [(1,)]


@pytest.mark.parametrize(
    "writes", ["DELETE FROM operation_runs", "DROP TABLE audit_logs", "CREATE TABLE x (i INTEGER)"]
)
def test_the_reader_writes_nothing(database, writes):
    add_run(database)
    with pytest.raises(DBAPIError), database.reader.begin() as connection:
        connection.execute(text(writes))
    assert len(database.fetch(text("SELECT id FROM operation_runs"))) == 1


def test_a_change_that_fails_leaves_nothing(database):
    number = add_run(database)
    with suppress(ZeroDivisionError), database.change() as connection:
        connection.execute(text("UPDATE operation_runs SET type = 'changed'"))
        raise ZeroDivisionError
    assert database.fetch(text("SELECT id, type FROM operation_runs")) == [(number, "inventory.sync")]


def test_a_database_that_holds_a_table_already_is_never_altered(database):
    with pytest.raises(BadInput, match=r"already holds .*operation_runs.*; opsnb never alters"):
        schema.init(database)


def test_nothing_listens(tmp_path, open_database, ops_on):
    for url in (f"postgresql://ada:s3cr3t@/ops?host={tmp_path}", "postgresql://ada:s3cr3t@127.0.0.1:1/ops"):
        said = refusal(ops_on(open_database(url)))
        assert "does not answer; check that PostgreSQL is running and can be reached" in said
        assert "s3cr3t" not in said


def test_a_wrong_database_or_login_is_told_apart(postgres, open_database, ops_on):
    said = refusal(ops_on(open_database(postgres.url("nowhere"))))
    assert said.startswith("There is no such database: ")
    said = refusal(ops_on(open_database(postgres.url().replace("postgres@", "stranger:s3cr3t@"))))
    assert "refused the login; check user and password in OPSNB_DATABASE_URL" in said
    assert "s3cr3t" not in said


def test_what_refuses_a_connection_is_said_in_its_own_words(postgres, open_database, ops_on, tmp_path, monkeypatch):
    (tmp_path / "services.conf").write_text("[other]\nhost=nowhere\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services.conf"))
    postgres.create("closed")
    for statement in (
        "CREATE ROLE grp NOLOGIN",
        "CREATE ROLE stranger LOGIN",
        "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
    ):
        postgres.execute(statement)
    try:
        for url, words in {
            postgres.url().replace("postgres@", "grp@"): 'role "grp" is not permitted to log in',
            postgres.url("closed").replace("postgres@", "stranger@"): 'permission denied for database "closed"',
            postgres.url() + "&sslmode=sometimes": 'invalid sslmode value: "sometimes"',
            "postgresql:///?service=nowhere": 'definition of service "nowhere" not found',
        }.items():
            refused = refusal(ops_on(open_database(url)))
            assert f"cannot be opened: {words}" in refused
            assert refused.endswith("; check OPSNB_DATABASE_URL.")
            assert len(refused.splitlines()) == 1
    finally:
        postgres.drop("closed")
        for role in ("grp", "stranger"):
            postgres.execute(f"DROP ROLE {role}")


def test_a_login_without_rights_is_told(postgres_url, postgresql, open_database, ops_on):
    add_people(postgresql)
    with postgresql.change() as connection:
        connection.execute(text("DROP ROLE IF EXISTS reader"))
        connection.execute(text("CREATE ROLE reader LOGIN"))
        connection.execute(text("GRANT SELECT ON platform_users TO reader"))
    with pytest.raises(AccessDenied, match="the database login reader has no right to it; ask whoever manages access"):
        ops_on(open_database(postgres_url.replace("postgres@", "reader@"))).runs()


@pytest.fixture(scope="module")
def own_server():
    """A server of this module's own, to be stopped."""
    with server() as running:
        yield running


def test_a_server_stopped_and_started_again(own_server, open_database, ops_on):
    database = open_database(own_server.create("stopped"))
    schema.init(database)
    add_people(database)
    add_run(database)
    ops = ops_on(database)
    page = ops.runs()
    own_server.stop()
    assert "does not answer; check that PostgreSQL is running" in refusal(ops)
    refusal(ops, lambda ops: ops.run(1).audit())
    refusal(ops, lambda _ops: page.count)
    own_server.start()
    assert ops.runs().count == 1
    assert page.count == 1


def test_a_connection_that_was_killed_is_replaced(postgres_url, open_database, ops_on):
    database = open_database(postgres_url)
    add_people(database)
    add_run(database)
    ops = ops_on(database)
    kill = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    killer = open_database(postgres_url)
    for ask in (ops.runs, lambda: ops.run(1), ops.count, lambda: database.columns("tenants")):
        ask()
        assert killer.fetch(kill)
        assert ask()


def test_a_locked_table_is_told(postgres_url, open_database, ops_on):
    holder, database = open_database(postgres_url), open_database(postgres_url, IMPATIENT)
    add_people(holder)
    with holder.change() as connection:
        connection.execute(text("LOCK TABLE operation_runs"))
        assert "is locked by someone else just now; try again" in refusal(ops_on(database))
    assert ops_on(database).runs().rows == []


def test_a_full_pool_is_told(open_database, sqlite_url, ops_on):
    database = open_database(sqlite_url)
    database.reader.pool._timeout = 0.05
    held = [database.reader.connect() for _ in range(database.reader.pool.size() + 10)]
    assert "All connections to" in refusal(ops_on(database))
    for connection in held:
        connection.close()
    assert database.fetch(text("SELECT 1")) == [(1,)]


def test_a_cell_shows_one_sentence_and_no_traceback(tmp_path, capsys):
    shell = InteractiveShell()
    result = shell.run_cell(f"import opsnb; opsnb.connect({str(tmp_path / 'gone.db')!r}, actor={VIEWER!r}).runs()")
    assert isinstance(result.error_in_exec, DatabaseUnavailable)
    shown = capsys.readouterr()
    lines = (shown.out + shown.err).strip().splitlines()
    assert lines == [f"DatabaseUnavailable: {result.error_in_exec}"]
    assert "There is no database at" in lines[0]
    shell.history_manager.end_session()


def test_the_log_holds_the_whole_story(tmp_path, caplog):
    database = Database(str(tmp_path / "gone.db"), Settings())
    with pytest.raises(DatabaseUnavailable) as caught:
        database.fetch(text("SELECT 1"))
    assert "unable to open database file" in caplog.text
    assert caught.value.__cause__ is not None
    database.close()


def test_an_old_run_is_read_on_a_replaced_database(database, ops):
    number = add_run(database, created_at=before(days=400))
    database.close()
    assert [row.id for row in ops.runs().rows] == [number]


def test_the_log_of_a_failed_question_does_not_repeat_what_was_asked(database, caplog):
    with pytest.raises(DatabaseUnavailable):
        database.fetch(text("SELECT nothing FROM operation_runs WHERE type = :type"), {"type": "hunter2"})
    assert "nothing" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("type_", ["integer", "jsonb", "timestamptz"])
def test_the_log_does_not_quote_a_value_that_cannot_be_read(postgresql, caplog, type_: str):
    with pytest.raises(DatabaseUnavailable):
        postgresql.fetch(text(f"SELECT CAST(:value AS {type_})"), {"value": '{"context": hunter2}'})
    assert f"CAST(%(value)s AS {type_})" in caplog.text
    assert "hunter2" not in caplog.text


def test_the_log_does_not_quote_bytes_that_are_no_text(sqlite, caplog):
    with pytest.raises(DatabaseUnavailable), sqlite.look() as connection:
        connection.exec_driver_sql("SELECT CAST(x'68756e74657232ff' AS TEXT)").all()
    assert "OperationalError" in caplog.text
    assert "hunter2" not in caplog.text
