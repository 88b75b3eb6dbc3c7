"""Settings of a database, a login or the environment that change how PostgreSQL writes values."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from opsnb import doctor, schema
from opsnb.cli import main
from opsnb.database import Database
from support.acts import attempt
from support.foreign import fill, history, seen
from support.history import MANAGER, add_people, add_run, before, execute
from support.postgres import PostgresServer

pytestmark = pytest.mark.every_postgres
FORMS = {
    "datestyle": "German", "intervalstyle": "sql_standard", "timezone": "Asia/Kolkata", "extra_float_digits": "-15",
    "bytea_output": "escape", "standard_conforming_strings": "off", "client_encoding": "LATIN1",
    "quote_all_identifiers": "on", "xmloption": "document",
}  # fmt: skip
ENVIRONMENT = {"PGDATESTYLE": "SQL, DMY", "PGTZ": "Asia/Kolkata", "PGCLIENTENCODING": "LATIN1"}


def set_forms(database: Database, whose: str) -> None:
    for name, value in FORMS.items():
        execute(database, f"ALTER {whose} SET {name} = '{value}'")


def look(ops):
    """Give what shows how values are read: a list with its times, an operation, its audit, and what is usual."""
    rows = [(row.id, row.type, row.created_at, row.started_at, row.completed_at) for row in ops.runs().rows]
    runs = [ops.run(row[0]) for row in rows[:5]]
    return rows, [(dict(run.context), run.audit(), run.lineage()) for run in runs], [row.id for row in ops.stuck().rows]


def test_what_a_database_sets_changes_nothing_that_is_read(own, ops_on, open_database):
    expected = seen(ops_on(own, MANAGER))
    findings = doctor.examine(own)
    set_forms(own, f"DATABASE {own.url.database}")
    again = open_database(own.url.render_as_string(hide_password=False))
    assert seen(ops_on(again, MANAGER)) == expected
    assert doctor.examine(again) == findings
    assert again.leading == own.leading


def test_what_a_login_sets_changes_nothing_that_is_read(own, ops_on, open_database):
    execute(own, "DROP ROLE IF EXISTS odd")
    execute(own, "CREATE ROLE odd LOGIN SUPERUSER")
    set_forms(own, "ROLE odd")
    again = open_database(own.url.set(username="odd").render_as_string(hide_password=False))
    assert look(ops_on(again, MANAGER)) == look(ops_on(own, MANAGER))
    again.close()
    execute(own, "DROP ROLE odd")


def test_what_the_environment_sets_changes_nothing_that_is_read(own, ops_on, open_database, monkeypatch):
    expected = look(ops_on(own, MANAGER))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    again = open_database(own.url.render_as_string(hide_password=False))
    assert look(ops_on(again, MANAGER)) == expected


def test_values_come_out_as_they_are(postgresql, open_database):
    set_forms(postgresql, f"DATABASE {postgresql.url.database}")
    database = open_database(postgresql.url.render_as_string(hide_password=False))
    values = text(r"""SELECT interval '1 day -2 hours', CAST(1 AS float8) / 3,
        CAST(timestamptz '2026-11-23 14:00Z' AS text), '\u0041', pg_get_indexdef('ix_runs_type'::regclass, 1, false)""")
    expected = (timedelta(hours=22), 1 / 3, "2026-11-23 14:00:00+00", r"\u0041", "type")
    assert database.fetch(values) == [expected]
    with database.change() as connection:
        assert connection.execute(values).one() == expected


def test_acts_and_loads_write_what_they_mean(postgresql, ops_on, open_database, tmp_path):
    add_people(postgresql)
    set_forms(postgresql, f"DATABASE {postgresql.url.database}")
    address = postgresql.url.render_as_string(hide_password=False)
    database = open_database(address)
    run_id = add_run(database, outcome="failed", created_at=before(days=2))
    assert attempt(ops_on(database, MANAGER), "retry", run_id).status == "success"
    file = tmp_path / "runs.csv"
    file.write_text("workspace,type,status,outcome,initiator_name,created_at,context\n"
                    'Aurora,back\\slash,completed,failed,Ä,2026-11-02 10:00:00Z,"{""a"": ""\\\\ü""}"\n')  # fmt: skip
    loaded = CliRunner().invoke(main, ["load", str(file), "--database", address], env={"OPSNB_ACTOR": "Mona"})
    assert loaded.exit_code == 0, loaded.output
    (row,) = ops_on(database).runs(type="back\\slash").rows
    assert (row.initiator_name, row.created_at.isoformat()) == ("Ä", "2026-11-02T10:00:00+00:00")
    assert ops_on(database).run(row.id).context["a"] == "\\ü"


@pytest.fixture
def plain_bytes(postgres: PostgresServer, open_database: Callable[..., Database]) -> Iterator[Database]:
    """A database without an encoding: it takes any bytes for text."""
    postgres.execute("CREATE DATABASE plain_bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    database = open_database(postgres.url("plain_bytes"))
    schema.init(database)
    yield database
    database.close()
    postgres.drop("plain_bytes")


def test_a_database_without_an_encoding_is_read_like_any_other(own, plain_bytes, ops_on):
    fill(plain_bytes, history())
    assert seen(ops_on(plain_bytes, MANAGER)) == seen(ops_on(own, MANAGER))


def test_bytes_that_are_no_text_are_marked(plain_bytes, ops_on, postgres):
    add_people(plain_bytes)
    run_id = add_run(plain_bytes, outcome="failed", initiator_name="Zoë", context={"error": "tö"})
    with psycopg.connect(postgres.url("plain_bytes").replace("+psycopg", ""), client_encoding="SQL_ASCII") as raw:
        raw.execute(b"UPDATE operation_runs SET type = 'caf\xe9', initiator_name = 'Zo\xeb'")
        raw.execute(b'UPDATE operation_runs SET context = \'{"error": "t\xf6", "n": 1}\'')
        raw.execute(b"UPDATE workspaces SET name = 'Br\xfccke'")
    ops = ops_on(plain_bytes, MANAGER)
    (row,) = ops.failures().rows
    assert (row.type, row.initiator_name, row.workspace, row.error) == (
        "caf\ufffd",
        "Zo\ufffd",
        "Br\ufffdcke",
        "t\ufffd",
    )
    assert ops.run(run_id).context == {"error": "t\ufffd", "n": 1}
    assert attempt(ops, "mark_investigated", run_id).status == "success"
    assert ops.run(run_id).audit()[0].actor_name == "Mona"
    assert [choice.label for choice in ops.choices("initiator")] == ["Zo\ufffd"]
    assert ops.failure_groups().groups
    assert doctor.examine(plain_bytes)
    with plain_bytes.look() as connection:
        stored = connection.execute(text("SELECT convert_to(initiator_name, 'SQL_ASCII') FROM operation_runs")).scalar()
    assert stored == b"Zo\xeb", "what was not understood was not changed"
