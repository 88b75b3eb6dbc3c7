"""What the doctor says of databases of every kind, and that it never changes one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import event, text

from opsnb.cli import main
from opsnb.database import Database
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
    assert "created_at is written in 2 forms (0000-00-00T00:00:00Z of #" in said(database, "warning")
    assert "0000-00-00 00:00:00 of #3" in said(database, "warning")


@pytest.fixture
def untyped(sqlite):
    """A file whose columns have no type, so that numbers stay numbers."""
    execute(sqlite, "DROP TABLE operation_runs")
    execute(
        sqlite,
        "CREATE TABLE operation_runs (id INTEGER PRIMARY KEY, workspace_id, tenant_id, initiator_name, type, status,"
        " outcome, context, created_at, started_at, completed_at)",
    )
    return sqlite


@pytest.mark.parametrize(
    ("times", "named"),
    [
        (["2026-10-25 02:30:00+02:00", "2026-10-25 02:10:00+01:00"], "00+02:00 of #1, 0000-00-00 00:00:00+01:00 of #2"),
        (["20261025T023000+0200", "20261025T021000+0100"], "00000000T000000+0200 of #1, 00000000T000000+0100 of #2"),
        (["2026-10-25T02:30:00Z", "2026-10-25T02:30:00.5Z"], "created_at is written in 2 forms"),
        (["2026-10-25T02:30:00.5Z", "2026-10-25T02:30:00.25Z"], "created_at is written in 2 forms"),
        (["2026-10-25 02:30:00", 1_790_000_000], "a number of #2"),
        ([2_461_338.6, 2_461_339.1], "created_at of 2 operations is written as a Julian day number"),
        ([1_790_000_000_000], "created_at of 1 operations is written as milliseconds since 1970"),
        (["2026-10-25"], "written as 0000-00-00, such as '2026-10-25' of Operation #1"),
        (["2026-W44-1T02:30:00"], "neither reads nor filters"),
        (["25.10.2026 02:30"], "neither reads nor filters"),
        ([b"2026-10-25 02:30:00"], "written as binary data"),
    ],
)  # fmt: skip
def test_times_that_cannot_be_filtered_are_named(untyped, times, named):
    sqlite = untyped
    add_people(sqlite)
    for number, time in enumerate(times, 1):
        add_run(sqlite, id=number)
        with sqlite.change() as connection:
            connection.exec_driver_sql("UPDATE operation_runs SET created_at = ? WHERE id = ?", (time, number))
    assert named in said(sqlite, "warning")


FILTERED = {
    "own": lambda when: when.isoformat(" "),
    "varying fractions": lambda when: when.isoformat(" ").rstrip("0") if when.microsecond else when.isoformat(" "),
    "of Python": lambda when: when.isoformat(),
    "of Python with offset": lambda when: when.replace(tzinfo=UTC).isoformat(),
    "with T and Z": lambda when: f"{when.isoformat(timespec='milliseconds')}Z",
    "offset without colon": lambda when: f"{when.isoformat(timespec='seconds')}+0000",
    "offset of hours": lambda when: f"{(when + timedelta(hours=2)).isoformat(' ', 'seconds')}+02",
    "local offset": lambda when: f"{(when - timedelta(hours=5.5)).isoformat(timespec='microseconds')}-05:30",
    "compact": lambda when: when.strftime("%Y%m%dT%H%M%SZ"),
    "compact with offset": lambda when: (when + timedelta(hours=1)).strftime("%Y%m%dT%H%M%S+0100"),
    "epoch": lambda when: int(when.replace(tzinfo=UTC).timestamp()),
    "epoch with fractions": lambda when: when.replace(tzinfo=UTC).timestamp(),
}


@pytest.mark.parametrize("form", FILTERED)
def test_times_in_one_form_are_in_order_and_filtered_and_not_named(untyped, ops_on, form):
    sqlite = untyped
    add_people(sqlite)
    start = datetime(2026, 10, 24, 23, 59, 57, 500_000)  # so that one is at midnight exactly
    steps = [timedelta(seconds=1.25) * number for number in range(8)]
    for number, step in enumerate(steps, 1):
        add_run(sqlite, id=number)
        with sqlite.change() as connection:
            values = (FILTERED[form](start + step), number)
            connection.exec_driver_sql(
                "UPDATE operation_runs SET created_at = ?, started_at = NULL WHERE id = ?", values
            )
    assert "written" not in said(sqlite, "warning")
    ops = ops_on(open_again(sqlite))
    assert [row.id for row in ops.runs().rows] == [8, 7, 6, 5, 4, 3, 2, 1]
    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    later = [number for number, step in enumerate(steps, 1) if start + step >= midnight.replace(tzinfo=None)]
    assert [row.id for row in ops.runs(since=midnight).rows] == later[::-1]
    assert ops.runs(until=midnight).count == 8 - len(later)
    window = {"since": midnight - timedelta(hours=1), "until": midnight + timedelta(hours=1)}
    assert [bucket.total for bucket in ops.activity(**window).buckets] == [8 - len(later), len(later)]
    ops.database.close()


def open_again(database):
    """Open the file anew: how it writes times is learned once."""
    return Database(database.name, Settings())


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
