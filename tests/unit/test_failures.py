import sqlite3

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import CompileError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from opsnb.database import Database, database_url
from opsnb.errors import BadInput, DatabaseUnavailable, QueryTimeout
from opsnb.failures import explain
from opsnb.settings import Settings


def said(cause: Exception, url: str = "postgresql://ada:pw@db.example.test/ops") -> DatabaseUnavailable:
    database = Database(url, Settings())
    return explain(OperationalError("SELECT 1", {}, cause), database.name, database.url)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (errors.LockNotAvailable("x"), "is locked by someone else just now"),
        (errors.UndefinedTable('relation "operation_runs" does not exist'), "holds no usable operation runs"),
        (errors.UndefinedColumn("x"), "holds no usable operation runs"),
        (errors.InsufficientPrivilege("permission denied for table operation_runs"), "ask its owner for the right"),
        (errors.TooManyConnections("x"), "has no connection to spare"),
        (errors.InvalidPassword("x"), "refused the login"),
        (errors.InvalidCatalogName("x"), "There is no such database"),
        (errors.AdminShutdown("x"), "does not answer"),
        (errors.CannotConnectNow("x"), "does not answer"),
        (psycopg.OperationalError("connection refused"), "does not answer"),
        (errors.ReadOnlySqlTransaction("x"), "is read-only just now, as after a failover, and nothing was changed"),
        (errors.DeadlockDetected("x"), "broke up a deadlock and nothing was changed; try again"),
        (errors.SerializationFailure("x"), "broke this off to catch up with its primary; refresh"),
        (psycopg.OperationalError("server does not support SSL, but SSL was required"), "do not agree on encryption"),
        (errors.DiskFull("could not extend file"), "could not answer: could not extend file."),
        (psycopg.DataError("fields cannot contain NUL bytes"), "could not answer: fields cannot contain NUL bytes."),
    ],
)
def test_an_error_of_postgresql_is_one_sentence_that_names_the_database(cause, words):
    error = said(cause)
    assert type(error) is DatabaseUnavailable
    assert words in str(error)
    assert "db.example.test/ops" in str(error)
    assert "pw" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  Rolle »x« darf nicht',
            "ops cannot be opened: Rolle »x« darf nicht; check OPSNB_DATABASE_URL.",
        ),
        ("connection failed: FATAL: the database system is starting up", "ops does not answer; check that"),
        ('failed to resolve host "x": Name or service not known', "ops does not answer; check that"),
        ("connection timeout expired", "ops does not answer; check that"),
    ],
)
def test_who_could_not_connect_is_told_why(message, words):
    error = OperationalError(None, None, psycopg.OperationalError(message))
    assert words in str(explain(error, "ops", database_url("postgresql://h/ops")))


def test_an_error_before_anything_was_sent_does_not_blame_the_server():
    error = CompileError("there is no such dialect option")
    expected = "ops could not answer: there is no such dialect option."
    assert str(explain(error, "ops", database_url("postgresql://h/ops"))) == expected


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("malformed JSON", "could not answer: malformed JSON."),
        ("database is locked", "is locked by another process"),
        ("no such table: operation_runs", "holds no usable operation runs"),
        ("no such column: outcome", "holds no usable operation runs"),
        ("file is not a database", "is not an SQLite database"),
        ("database disk image is malformed", "is damaged"),
        ("attempt to write a readonly database", "cannot be written"),
        ("database or disk is full", "no disk space left"),
        ("disk I/O error", "could not answer: disk I/O error."),
    ],
)
def test_an_error_of_sqlite_is_one_sentence_that_names_the_file(message, words):
    error = said(sqlite3.OperationalError(message), "/data/runs.db")
    assert words in str(error)
    assert "/data/runs.db" in str(error)


@pytest.mark.parametrize(
    ("cause", "url"),
    [(errors.QueryCanceled("x"), "postgresql://h/ops"), (sqlite3.OperationalError("interrupted"), "/data/ops")],
)
def test_a_statement_that_was_stopped_is_told_apart(cause, url):
    error = said(cause, url)
    assert isinstance(error, QueryTimeout)
    assert "ops took too long" in str(error)
    assert "narrow it with a filter" in str(error)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (errors.QueryCanceled("x"), "took too long over this and stopped it; nothing was changed"),
        (errors.LockNotAvailable("x"), "is locked by someone else just now and nothing was changed"),
        (errors.SerializationFailure("x"), "let somebody else go first and nothing was changed"),
    ],
)
def test_what_became_of_a_change_is_said(cause, words):
    error = explain(OperationalError("UPDATE", {}, cause), "ops", database_url("postgresql://h/ops"), changing=True)
    assert words in str(error)


def test_a_lost_connection_leaves_no_change():
    error = OperationalError("UPDATE", {}, errors.AdminShutdown("x"), connection_invalidated=True)
    words = str(explain(error, "ops", database_url("postgresql://h/ops"), changing=True))
    assert words == "The connection to ops was lost and nothing was changed; try again in a moment."


def test_a_sentence_names_the_setting_that_leads_to_the_database():
    error = OperationalError("SELECT 1", {}, errors.InvalidPassword("x"))
    words = str(explain(error, "ops", database_url("postgresql://h/ops"), setting="OPSNB_READ_URL"))
    assert words.endswith("check user and password in OPSNB_READ_URL.")


def test_a_full_pool_is_told_apart():
    error = explain(PoolTimeout("x"), "ops", database_url("postgresql://h/ops"))
    assert str(error) == "All connections to ops are busy; try again in a moment."


def test_a_password_in_a_driver_s_message_is_not_repeated():
    error = said(errors.ProgrammingError("bad option in user=ada password=s3cr3t host=h"))
    assert "s3cr3t" not in str(error)


@pytest.mark.parametrize(
    "url",
    ["postgresql://ada:s3cr3t@h/ops", "postgresql://h/ops?user=ada&password=s3cr3t",
     "postgresql://h/ops?sslpassword=s3cr3t&host=/run/pg"],
)  # fmt: skip
def test_a_database_is_named_without_its_password(url):
    name = Database(url, Settings()).name
    assert "s3cr3t" not in name
    assert "ops" in name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mysql://h/x", "not on mysql"),
        ("nonsense://h/x", "not on nonsense"),
        ("://", "cannot be read"),
        ("postgresql://ada:s3cr3t@h:port/x", "cannot be read"),
        ("postgresql://ada:a@s3cr3t@h/x", "@ in a password as %40"),
        ("postgresql:/ada:s3cr3t@h/x", "cannot be read"),
        ("host=h user=ada password=s3cr3t", "cannot be read"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("~no-user-of-this-name/runs.db", "There is no home folder for ~no-user-of-this-name/runs.db"),
    ],
)
def test_an_address_of_no_usable_database_is_refused_without_its_password(text, said):
    with pytest.raises(BadInput, match=said) as caught:
        database_url(text)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("text", ["postgresql://h/x", "postgres://h/x", "postgresql+psycopg2://h/x"])
def test_every_spelling_of_postgresql_means_psycopg(text):
    assert database_url(text).drivername == "postgresql+psycopg"


def test_a_path_is_an_sqlite_file(tmp_path):
    assert database_url(str(tmp_path / "runs.db")).database == str(tmp_path / "runs.db")
    assert database_url(f"sqlite:///{tmp_path}/runs.db").database == f"{tmp_path}/runs.db"


@pytest.mark.parametrize("threshold", ["many", "-1", "1.5", "²"])
def test_a_prepare_threshold_that_is_no_number_is_refused(threshold):
    with pytest.raises(BadInput, match="prepare_threshold in the database URL must be a whole number, or none"):
        Database(f"postgresql://db.example.test/ops?prepare_threshold={threshold}", Settings())
