"""What members of the groups do to others by waiting for locks: the rights are asked for after some of them."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from click.testing import CliRunner

from opsnb.cli import main
from opsnb.grants import Place, differences, limits, script
from opsnb.settings import Settings
from support.gate import OPERATOR, OWNER, VIEWER, WORKER, enter, install
from support.locks import ASK_FIRST, WAIT_FIRST, WAIT_FIRST_WITH_SCHEMA, WAIT_FOR_A_DATABASE, WAIT_FOR_A_ROW
from support.redteam import DENIED

WAITED = "55P03"  # lock_not_available
PLACE = Place(Settings(), owner=OWNER)
NO_SUPERUSER = Place(Settings(), owner=OWNER, superuser=False)


@pytest.fixture
def admin(gate_server, gated):
    with enter(gate_server, gated, "postgres") as connection:
        yield connection


@pytest.fixture
def check(gate_server, gated, open_database):
    database = open_database(gate_server.url(gated))
    return lambda place=PLACE: (differences(database, place), limits(database, place))


@pytest.fixture
def busy(gate_server, gated):
    """Keep a transaction open that has read the runs and the catalogs and changed a run."""
    with enter(gate_server, gated, "postgres") as holder:
        holder.execute("BEGIN; SELECT id FROM operation_runs; SELECT attname FROM pg_attribute")
        holder.execute("UPDATE operation_runs SET started_at = now() WHERE id = 3; CREATE TABLE held ()")
        yield
        holder.execute("ROLLBACK")


def answers(server, name, who, statements):
    """Give what the server says to each statement of somebody who waits for no lock longer than a moment."""
    with enter(server, name, who) as session:
        session.execute("SET lock_timeout = '20ms'")
        return {sql: _answer(session, sql) for sql in statements}


def _answer(session, sql):
    try:
        if sql.startswith("COPY"):
            with session.cursor().copy(sql) as copy:
                copy.write("1\n") if "STDIN" in sql else list(copy)
        else:
            session.execute(sql)
    except psycopg.Error as error:
        return error.sqlstate
    return None


@contextlib.contextmanager
def queued(server, name, who, sql):
    """Let somebody wait for a lock meanwhile."""
    with (
        enter(server, name, who) as session,
        enter(server, "template1", "postgres") as onlooker,
        ThreadPoolExecutor() as pool,
    ):
        pid, waiting = session.info.backend_pid, pool.submit(session.execute, sql)
        try:
            while not onlooker.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", (pid,)).fetchone()[0]:
                assert not waiting.done(), sql
            yield
        finally:
            onlooker.execute("SELECT pg_terminate_backend(%s)", (pid,))
            with pytest.raises(psycopg.errors.AdminShutdown):
                waiting.result()


def held_up(server, name):
    """Tell for what somebody with every right would wait: for reading, or for writing."""
    statement = "DO $$ BEGIN LOCK TABLE operation_runs IN {} MODE NOWAIT; END $$"
    with enter(server, name, "postgres") as session:
        return [mode for mode in ("ACCESS SHARE", "ROW EXCLUSIVE") if _answer(session, statement.format(mode))]


@pytest.mark.parametrize("who", [VIEWER, OPERATOR])
def test_no_member_waits_for_a_lock_on_a_table(gate_server, gated, busy, who):
    told = answers(gate_server, gated, who, (*WAIT_FIRST, *ASK_FIRST))
    assert {sql: state for sql, state in told.items() if state == WAITED} == {}
    assert {told[sql] for sql in WAIT_FIRST} == {DENIED}


def test_only_who_may_change_runs_waits_for_one(gate_server, gated, busy):
    assert {*answers(gate_server, gated, VIEWER, WAIT_FOR_A_ROW).values()} == {DENIED}
    assert {*answers(gate_server, gated, OPERATOR, WAIT_FOR_A_ROW).values()} == {WAITED}


def test_without_the_event_trigger_a_viewer_holds_everybody_up(gate_server, gated, admin, busy):
    admin.execute("DROP EVENT TRIGGER opsnb_ddl")
    assert {*answers(gate_server, gated, VIEWER, WAIT_FIRST).values()} == {WAITED}
    told = answers(gate_server, gated, VIEWER, ASK_FIRST)
    assert {sql: state for sql, state in told.items() if state == WAITED} == {}
    assert held_up(gate_server, gated) == []
    with queued(gate_server, gated, VIEWER, WAIT_FIRST[0]):
        assert held_up(gate_server, gated) == ["ACCESS SHARE", "ROW EXCLUSIVE"]


def test_a_member_with_a_schema_of_their_own_is_stopped_too(gate_server, gated, admin, busy):
    admin.execute("CREATE SCHEMA zz AUTHORIZATION vera; CREATE TABLE zz.own (id bigint) PARTITION BY LIST (id)")
    admin.execute("ALTER TABLE zz.own OWNER TO vera")
    assert {*answers(gate_server, gated, VIEWER, WAIT_FIRST_WITH_SCHEMA).values()} == {DENIED}
    admin.execute("DROP EVENT TRIGGER opsnb_ddl")
    assert WAITED in answers(gate_server, gated, VIEWER, WAIT_FIRST_WITH_SCHEMA).values()


@pytest.mark.parametrize("statement", WAIT_FOR_A_DATABASE)
def test_what_no_event_trigger_sees_is_in_the_documentation_because_it_waits(gate_server, gated, statement):
    with enter(gate_server, gated, VIEWER) as vera:
        vera.execute(f"BEGIN; ALTER ROLE vera IN DATABASE {gated} SET work_mem = '1MB'")
        assert [*answers(gate_server, gated, VIEWER, [statement.format(gated)]).values()] == [WAITED]
        vera.execute("ROLLBACK")


def test_owner_worker_and_superuser_change_definitions_as_before(gate_server, gated, admin):
    admin.execute("CREATE SCHEMA own; GRANT ALL ON SCHEMA own TO wanda")
    for who, sql in (
        (WORKER, "CREATE TABLE own.zz (id int); DROP TABLE own.zz"),
        (OWNER, "ALTER TABLE operation_runs ADD COLUMN zz int; ALTER TABLE operation_runs DROP COLUMN zz"),
        ("postgres", "CREATE RULE zz AS ON DELETE TO tenants DO NOTHING; DROP RULE zz ON tenants"),
    ):
        with enter(gate_server, gated, who) as session:
            session.execute(sql)


def test_definitions_can_be_changed_when_tables_or_groups_are_gone(gate_server, gated, admin):
    admin.execute("ALTER TABLE operation_runs RENAME TO elsewhere; CREATE TABLE zz ()")
    with enter(gate_server, gated, VIEWER) as vera, pytest.raises(psycopg.errors.InsufficientPrivilege):
        vera.execute("DROP TABLE zz")
    admin.execute("DROP TABLE elsewhere CASCADE")


def test_whoever_is_no_superuser_is_warned_and_told_by_check(gate_server, gated, admin, check):
    admin.execute(f"DROP SCHEMA opsnb CASCADE; GRANT CREATE ON DATABASE {gated} TO {OWNER}")
    said = []
    with enter(gate_server, gated, OWNER) as owner:
        owner.add_notice_handler(lambda notice: said.append((notice.severity, notice.message_primary)))
        owner.execute(script(Place(Settings())))
    assert [text for severity, text in said if severity == "WARNING" and "event trigger" in text] == [
        "Without a superuser there is no event trigger: any member of opsnb_viewer can hold up all reading and writing"
        " of public.operation_runs, by CREATE RULE for example."
    ]
    admin.execute(f"REVOKE CREATE ON DATABASE {gated} FROM {OWNER}")
    (difference,) = check()[0]
    assert difference.startswith("The event trigger opsnb_ddl is missing, and any member of the groups can hold up all")
    found, notes = check(NO_SUPERUSER)
    assert found == []
    assert notes[0].startswith("Without the event trigger that only a superuser can make, any member of the groups can")
    url = gate_server.url(gated)
    command = ["grants", "--check", "--owner", OWNER, "--database", url]
    told = CliRunner().invoke(main, command)
    assert (told.exit_code, difference in told.output) == (1, True)
    told = CliRunner().invoke(main, [*command, "--without-superuser"])
    assert (told.exit_code, f"Note: {notes[0]}" in told.output) == (0, True)


def test_the_owner_may_apply_the_gate_again_after_a_superuser(gate_server, gated, check):
    with enter(gate_server, gated, OWNER) as owner:
        owner.execute(script(Place(Settings())))
    assert check()[0] == []


def test_no_function_of_somebody_else_runs_as_a_superuser(admin, check):
    """A function that was there before stays with its owner when it is replaced, who could then replace it again."""
    admin.execute("DROP EVENT TRIGGER opsnb_ddl; ALTER FUNCTION opsnb.refuse_ddl() OWNER TO team_owner")
    install(admin)
    assert check()[0] == []
    owner = admin.execute("SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'refuse_ddl'").fetchone()
    assert owner == ("postgres",)


def test_what_the_server_leaves_open_is_noted_and_no_difference(gate_server, gated, admin, check):
    found, notes = check()
    assert found == []
    assert any("REVOKE CONNECT ON DATABASE" in note and "postgres" in note for note in notes)
    admin.execute("ALTER TABLE operation_runs ALTER id TYPE int")
    found, notes = check()
    assert found == []
    assert "public.operation_runs.id is no bigint: an operator can use up its numbers with nextval()." in notes


CHANGES = [
    ("ALTER EVENT TRIGGER opsnb_ddl DISABLE", "The event trigger opsnb_ddl is not enabled always, and any member"),
    ("ALTER EVENT TRIGGER opsnb_ddl ENABLE", "The event trigger opsnb_ddl is not enabled always, and any member"),
    ("DROP EVENT TRIGGER opsnb_ddl", "The event trigger opsnb_ddl is missing, and any member of the groups"),
    ("DROP EVENT TRIGGER opsnb_ddl; CREATE EVENT TRIGGER opsnb_ddl ON ddl_command_start WHEN TAG IN ('CREATE RULE')"
     " EXECUTE FUNCTION opsnb.refuse_ddl()", "The event trigger opsnb_ddl or its function differs"),
    ("DROP EVENT TRIGGER opsnb_ddl; CREATE EVENT TRIGGER opsnb_ddl ON ddl_command_end"
     " EXECUTE FUNCTION opsnb.refuse_ddl()", "The event trigger opsnb_ddl or its function differs"),
    ("CREATE OR REPLACE FUNCTION opsnb.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
     "The event trigger opsnb_ddl or its function differs"),
    ("ALTER FUNCTION opsnb.refuse_ddl() OWNER TO team_owner", "opsnb.refuse_ddl belongs to team_owner, who could run"),
]  # fmt: skip


def test_each_difference_of_the_event_trigger_is_named(admin, check):
    for change, told in CHANGES:
        admin.execute(change)
        assert any(difference.startswith(told) for difference in check()[0]), change
        install(admin)
        assert check()[0] == [], change


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        ("ALTER ROLE vera SET event_triggers = off", "ALTER ROLE vera RESET event_triggers."),
        ("ALTER DATABASE {} SET event_triggers = off", "ALTER DATABASE {} RESET event_triggers."),
        ("ALTER ROLE vera IN DATABASE {} SET event_triggers = off", "ALTER ROLE vera IN DATABASE {} RESET event_tri"),
        ("GRANT SET ON PARAMETER event_triggers TO vera", "REVOKE SET ON PARAMETER event_triggers"),
    ],
)
def test_a_setting_that_turns_event_triggers_off_is_named(gated, admin, check, change, undo):
    if admin.info.server_version < 170000:
        return  # the setting came with 17
    admin.execute(change.format(gated))
    try:
        (difference,) = check()[0]
        assert undo.format(gated) in difference
    finally:
        admin.execute("ALTER ROLE vera RESET ALL; REVOKE SET ON PARAMETER event_triggers FROM vera")
