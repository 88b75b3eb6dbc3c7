"""What the doctor says of databases of every kind, and that it never changes one."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import event, text

from opsnb.cli import main
from opsnb.doctor import Severity, examine, worst
from opsnb.settings import Settings
from support.foreign import run_script
from support.foreign.owner import make_suggested_indexes
from support.gate import OPERATOR, VIEWER, enter
from support.history import add_people, add_run, execute

pytestmark = pytest.mark.every_postgres


def said(database, severity=None):
    found = examine(database)
    return "\n".join(f"{finding.what} -> {finding.fix}" for finding in found if severity in (None, finding.severity))


def url(database):
    return database.url.render_as_string(hide_password=False)


def test_nothing_is_wrong_with_opsnb_s_own(database):
    add_people(database)
    add_run(database, created_at=datetime.now(UTC))
    found = examine(database)
    assert worst(found) in (Severity.OK, Severity.NOTE), said(database)
    everything = said(database)
    for words in ("Operations can be read", "Retry would work", "Cancel would work", "Mark investigated would work",
                  "What retried an operation: an index serves it"):  # fmt: skip
        assert words in everything


def test_nothing_is_ever_changed_or_locked(database):
    add_people(database)
    add_run(database, created_at=datetime.now(UTC))
    sent = []
    event.listen(database.reader, "before_cursor_execute", lambda *about: sent.append(about[2]))
    examine(database)
    assert "writer" not in database.__dict__ or database.writer.pool.checkedout() == 0
    loud = [statement for statement in sent if statement.startswith(("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER"))]
    assert loud == []
    assert len(database.fetch(text("SELECT id FROM operation_runs"))) == 1
    assert database.fetch(text("SELECT id FROM audit_logs")) == []


@pytest.mark.parametrize("kind", ["laravel", "native", "sqlite"])
def test_each_missing_index_is_handed_out_once(foreign, kind):
    database = foreign(kind, everything=False)
    assert "The list of all operations: no index serves it." in said(database, "warning")
    assert len(make_suggested_indexes(database)) == 11
    assert "CREATE" not in said(database)


def test_an_index_on_a_few_rows_that_were_analysed_is_found(foreign):
    database = foreign("sqlite")
    assert len(make_suggested_indexes(database)) == 11
    assert "CREATE" not in said(database)


def test_the_statements_name_schema_table_and_columns_as_the_owner_does(foreign):
    assert ("CREATE INDEX CONCURRENTLY ix_runs_failed ON app.adm_operation_runs (created_at DESC, id DESC)"
            " WHERE status = 'completed' AND outcome = 'failed';") in said(foreign("laravel"))  # fmt: skip
    native = said(foreign("native"))
    assert ("CREATE INDEX CONCURRENTLY ix_runs_live ON public.jobs (created DESC, job_id DESC, state, kind, started)"
            " WHERE state IN ('queued', 'running');") in native  # fmt: skip
    assert "ON public.jobs ((payload #>> '{triage,retry_of_run_id}'), job_id)" in native
    assert "ON public.journal (object, object_id, entry_id);" in native


def test_an_index_under_another_name_counts(foreign):
    database = foreign("native")
    execute(database, "CREATE INDEX whatever ON jobs (created, job_id)")
    assert "The list of all operations: an index serves it." in said(database, "ok")


@pytest.mark.parametrize("login", [VIEWER, OPERATOR])
def test_a_login_that_the_gate_holds_is_told_of_missing_indexes_alone(gate_server, gated, open_database, login):
    database = open_database(gate_server.url(gated).replace("postgres@", f"{login}@"))
    assert "no index serves it" not in said(database)
    with enter(gate_server, gated, "postgres") as admin:
        admin.execute("DROP INDEX ix_audit_resource, ix_runs_retry_of, ix_runs_type")
    told = said(database, "warning")
    assert told.count("no index serves it") == 3
    for name in ("ix_audit_resource", "ix_runs_retry_of", "ix_runs_type"):
        assert f"CREATE INDEX CONCURRENTLY {name} ON" in told


def test_unusual_types_are_noted(foreign):
    notes = said(foreign("native"), "note")
    assert "operation_runs.status is of the enum type run_status" in notes
    assert "operation_runs.context is of the type json" in notes
    assert "created_at is a timestamp without time zone: it is read and written as UTC" in notes
    assert "platform_users has no column login" in notes


def test_a_column_that_must_have_a_value_is_named_beforehand(own):
    run_script(own, "mandatory")
    assert said(own, "warning").startswith("Retry would be refused: the column queue_name of operation_runs must have")
    execute(own, "ALTER TABLE audit_logs ADD COLUMN hash text NOT NULL DEFAULT ''")
    execute(own, "ALTER TABLE audit_logs ALTER hash DROP DEFAULT")
    told = said(own, "warning")
    for act in ("Retry", "Cancel", "Mark investigated"):
        assert f"{act} would be refused: the column hash of audit_logs must have a value" in told


def test_a_column_behind_a_view_is_named_too(foreign):
    database = foreign("native", everything=False)
    execute(database, "ALTER TABLE jobs ADD COLUMN queue_name text NOT NULL")
    assert "Retry would be refused: the column queue_name of operation_runs must have" in said(database, "warning")


@pytest.mark.parametrize(
    ("change", "severity", "words"),
    [
        ("ALTER TABLE operation_runs DROP COLUMN started_at", "problem", "operation_runs has no column started_at"),
        ("ALTER TABLE operation_runs RENAME TO runs", "problem", "There is no table operation_runs"),
        ("ALTER TABLE operation_runs ALTER context TYPE text", "problem", "context is of the type text"),
        ("ALTER TABLE tenants ALTER id TYPE numeric", "problem", "tenants.id is of the type numeric"),
        ("DROP INDEX ux_runs_live_retry", "warning", "CREATE UNIQUE INDEX CONCURRENTLY ux_runs_live_retry"),
        ("UPDATE operation_runs SET status = 'paused'", "note", "The status 'paused' is shown as it stands"),
        ("UPDATE operation_runs SET type = 'x.y'", "note", "The type 'x.y' is in no catalog"),
        ("UPDATE operation_runs SET created_at = now() + interval '2 h'", "warning", "has a created_at in the future"),
        ("UPDATE operation_runs SET started_at = 'infinity'", "warning", "Operation #1 has a time that cannot be read"),
    ],
)
def test_what_is_wrong_is_said(postgresql, change, severity, words):
    add_people(postgresql)
    add_run(postgresql)
    for name in ("ix_runs_retry_of", "ux_runs_live_retry") if "TYPE text" in change else ():
        execute(postgresql, f"DROP INDEX {name}")
    if "numeric" in change:
        execute(postgresql, "ALTER TABLE operation_runs DROP CONSTRAINT operation_runs_tenant_id_fkey")
    execute(postgresql, change)
    assert words in said(postgresql, severity)


def test_an_enum_that_lacks_a_value_is_a_problem(foreign):
    database = foreign("native", everything=False)
    execute(database, "ALTER TYPE run_outcome RENAME VALUE 'blocked' TO 'held'")
    assert "run_outcome, which does not know blocked" in said(database, "problem")


def test_forms_of_time_that_have_no_order_are_told(foreign):
    database = foreign("sqlite")
    assert "created_at is written" not in said(database)
    execute(database, "UPDATE operation_runs SET created_at = '2026-11-23 01:00:00' WHERE id = 3")
    assert "created_at is written in 2 forms (0000-00-00 00:00:00, 0000-00-00T00:00:00Z)" in said(database, "warning")


def test_an_sqlite_file_without_a_write_ahead_log_is_told(foreign):
    assert "Its journal mode is delete" in said(foreign("sqlite", everything=False), "warning")


def test_a_login_that_may_only_read_is_told_what_it_may_not(own, postgres, open_database):
    execute(own, "CREATE ROLE doctor_reader LOGIN")
    try:
        execute(own, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO doctor_reader")
        told = said(open_database(url(own).replace("postgres@", "doctor_reader@")))
        assert "Failed operations can be read" in told
        assert "Cancel would be refused: Your login on" in told
    finally:
        execute(own, "DROP OWNED BY doctor_reader")
        execute(own, "DROP ROLE doctor_reader")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://nobody@localhost:1/none", "does not answer"),
        ("missing.db", "There is no database at"),
        (".", "is a folder"),
    ],
)
def test_a_database_that_cannot_be_examined_is_a_line_of_the_table(address, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["doctor", "--database", address])
    assert (result.exit_code, result.output.startswith("problem")) == (2, True)
    assert words in result.output


def test_an_empty_database_says_how_to_go_on(postgres, open_database):
    database = open_database(postgres.create("doctor_empty"), Settings())
    told = said(database, "problem")
    database.close()
    postgres.drop("doctor_empty")
    assert "There is no table operation_runs. -> Name its schema with OPSNB_SCHEMA" in told


def test_the_exit_code_says_the_worst(own, sqlite):
    run = CliRunner().invoke
    assert run(main, ["doctor", "--database", url(sqlite)]).exit_code == 0
    execute(sqlite, "DROP INDEX ix_runs_recent")
    assert run(main, ["doctor", "--database", url(sqlite)]).exit_code == 1
    execute(own, "ALTER TABLE operation_runs DROP COLUMN started_at")
    assert run(main, ["doctor", "--database", url(own)]).exit_code == 2


def test_machines_read_json(sqlite):
    execute(sqlite, "DROP INDEX ix_runs_recent")
    result = CliRunner().invoke(main, ["doctor", "--database", url(sqlite), "--json"])
    found = json.loads(result.output)
    assert {"severity": "warning", "what": "The list of all operations: no index serves it.",
            "fix": "CREATE INDEX ix_runs_recent ON operation_runs (created_at DESC, id DESC);"} in found  # fmt: skip
