"""Attempts on the gate by plain SQL, each through the login's own connection, on PostgreSQL 18 and 16."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from support.gate import (
    INACTIVE,
    OPERATOR,
    OTHER,
    OWNER,
    STRANGER,
    VIEWER,
    WORKER,
    enter,
    kept,
    make,
)
from support.redteam import ATTEMPTS, REFUSE, REFUSED, RETRY, TABLES, Try, cancel, mark, retry

SOON = timedelta(minutes=1)


@pytest.fixture(scope="module")
def arena(gate_server):
    """A database that attempts leave as it is, and a superuser's connection to look at it."""
    name = make(gate_server, "arena")
    with enter(gate_server, name, "postgres") as admin:
        yield gate_server, name, admin
    gate_server.drop(name)


def answer(server, name: str, attempt: Try) -> str | None:
    """Make an attempt in a session of its own; give what the server says to its last statement."""
    with enter(server, name, attempt.who) as session:
        *before, last = attempt.statements
        for statement in before:
            session.execute(statement)
        try:
            if last.startswith("COPY") and "STDIN" in last:
                with session.cursor().copy(last) as copy:
                    copy.write("1\tx\tqueued\tpending\t{}\t2026-01-01\n")
            elif last.startswith("COPY") and "STDOUT" in last:
                with session.cursor().copy(last) as copy:
                    list(copy)
            else:
                session.execute(last)
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            with suppress(psycopg.Error):
                session.execute("ROLLBACK")
    return None


def rows(admin, run_id):
    return admin.execute("SELECT * FROM operation_runs WHERE id = %s", (run_id,)).fetchone()


def newest_audit(admin):
    columns = "actor_id, actor_name, actor_email, action, resource_id, status, metadata, recorded_at"
    return admin.execute(f"SELECT {columns} FROM audit_logs ORDER BY id DESC LIMIT 1").fetchone()


def test_every_attempt_is_answered_as_it_should_be_and_changes_nothing(arena):
    server, name, admin = arena
    was, wrong = kept(admin), []
    for attempt in ATTEMPTS:
        state = answer(server, name, attempt)
        if state != attempt.state:
            wrong.append(f"{state} and not {attempt.state}: {attempt}")
        if (now := kept(admin)) != was:
            wrong.append(f"It changed something: {attempt}")
            was = now
    assert wrong == []
    assert len(ATTEMPTS) > 450


def test_without_the_guard_the_same_attempts_get_through(gate_server, gated):
    """The control: what holds them off is the gate, and the suite would notice."""
    attempts = [attempt for attempt in ATTEMPTS if attempt.who == OPERATOR and attempt.state == REFUSED]
    acts = [a for a in attempts if len(a.statements) == 1 and "operation_runs" in a.statements[0]]
    through = 0
    with enter(gate_server, gated, "postgres") as admin:
        admin.execute("ALTER TABLE operation_runs DISABLE TRIGGER USER")
        admin.execute("DROP INDEX ux_runs_live_retry")
        was = kept(admin)
        for attempt in acts:
            answer(gate_server, gated, attempt)
            now = kept(admin)
            through += now != was
            was = now
        admin.execute("GRANT INSERT ON audit_logs TO mona; GRANT USAGE ON audit_logs_id_seq TO mona")
        forged = next(a for a in ATTEMPTS if a.who == OPERATOR and "INTO audit_logs" in a.statements[0])
        assert answer(gate_server, gated, forged) is None
    assert len(acts) > 100
    assert through > len(acts) * 2 // 3


def test_who_and_when_are_the_server_s_whatever_is_claimed(gate_server, gated):
    forged = '{"reason": "Looked into it.", "by": "Olga", "by_id": 3, "at": "2020-01-01T00:00:00+00:00", "x": 1}'
    stamp = {"by": "Mona", "by_id": 2}
    began = datetime.now(UTC)
    with enter(gate_server, gated, OPERATOR) as mona, enter(gate_server, gated, "postgres") as admin:
        mona.execute("SET timezone = 'Pacific/Kiritimati'")
        mona.execute("SET datestyle = 'SQL, DMY'")
        mona.execute(retry(created_at="timestamptz '2020-01-01'"))
        mona.execute(mark(investigated=forged))
        mona.execute(cancel(context="""context || '{"triage": {"cancel": {"by": "Olga", "by_id": 3}}}'""")
                     .replace("now()", "timestamptz '2020-01-01'"))  # fmt: skip
        new = admin.execute("SELECT initiator_name, created_at FROM operation_runs ORDER BY id DESC").fetchone()
        assert (new[0], began <= new[1] <= began + SOON) == ("Mona", True)
        found = rows(admin, 1)[7]["triage"]["investigated"]
        assert began <= datetime.fromisoformat(found.pop("at")) <= began + SOON
        assert found == {"reason": "Looked into it.", **stamp}
        found, completed_at = rows(admin, 3)[7]["triage"]["cancel"], rows(admin, 3)[-1]
        assert datetime.fromisoformat(found.pop("at")) == completed_at
        assert found == stamp
        assert began <= completed_at <= began + SOON
        who = {
            row[:3] for row in admin.execute("SELECT actor_id, actor_name, actor_email FROM audit_logs WHERE id > 1")
        }
        assert who == {(2, "Mona", "mona@example.test")}


def test_a_transaction_that_has_been_open_for_long_dates_nothing_back(gate_server, gated):
    with enter(gate_server, gated, OPERATOR) as mona, enter(gate_server, gated, "postgres") as admin:
        mona.execute("BEGIN")
        opened = mona.execute("SELECT now()").fetchone()[0]
        mona.execute("SELECT pg_sleep(0.05)")
        mona.execute(cancel())
        mona.execute("COMMIT")
        assert rows(admin, 3)[-1] >= opened + timedelta(milliseconds=50)
        assert newest_audit(admin)[-1] == rows(admin, 3)[-1]


@pytest.mark.parametrize("act", [retry(), cancel(), mark(), cancel(4)])
def test_an_act_and_its_audit_row_stand_or_fall_together(gate_server, gated, act):
    with enter(gate_server, gated, OPERATOR) as mona, enter(gate_server, gated, "postgres") as admin:
        was = kept(admin)
        admin.execute("ALTER TABLE audit_logs ADD CONSTRAINT full_up CHECK (id < 2)")
        with pytest.raises(psycopg.errors.CheckViolation):
            mona.execute(act)
        admin.execute("ALTER TABLE audit_logs DROP CONSTRAINT full_up")
        assert kept(admin) == was
        mona.execute(act)
        assert newest_audit(admin)[1] == "Mona"
        mona.execute("BEGIN")
        mona.execute(mark(2))
        mona.execute("ROLLBACK")
        assert newest_audit(admin)[4] != 2


def test_a_refusal_is_recorded_against_oneself_alone(gate_server, gated):
    with enter(gate_server, gated, "postgres") as admin:
        for login, person in ((VIEWER, (1, "Vera")), (INACTIVE, (4, "Ines")), (STRANGER, (None, "nora"))):
            with enter(gate_server, gated, login) as session:
                session.execute("SET timezone = 'Pacific/Kiritimati'")
                session.execute(REFUSE.format(f"6, {RETRY}, 'denied', 'No.'"))
            *found, at = newest_audit(admin)
            assert tuple(found[:2]) == person
            assert found[3:6] == ["platform.system_console.retry", 6, "denied"]
            seen = {"from": {"status": "completed", "outcome": "failed"}} if login == VIEWER else {}
            assert found[6] == {**seen, "refusal": "No."}
            assert abs(datetime.now(UTC) - at) < SOON
        with enter(gate_server, gated, WORKER) as worker, pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute(REFUSE.format(f"6, {RETRY}, 'denied', 'No.'"))


@pytest.mark.parametrize("who", [INACTIVE, STRANGER])
def test_who_is_not_an_active_user_reads_nothing_but_a_row_of_their_own(gate_server, gated, who):
    with enter(gate_server, gated, who) as session:
        counts = [session.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]
        assert counts == [0, 0, 1 if who == INACTIVE else 0, 0, 0]
        assert not session.execute("SELECT 1 FROM pg_stats WHERE tablename = 'operation_runs'").fetchall()


def test_a_viewer_reads_all_runs_and_of_the_users_their_own(gate_server, gated):
    with enter(gate_server, gated, VIEWER) as vera:
        counts = [vera.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]
    assert counts == [10, 1, 1, 2, 2]


def test_a_plan_made_before_somebody_was_deactivated_shows_nothing_after(gate_server, gated):
    with enter(gate_server, gated, OTHER) as olga, enter(gate_server, gated, "postgres") as admin:
        olga.execute("SET plan_cache_mode = force_generic_plan")
        olga.execute("PREPARE look AS SELECT id FROM operation_runs")
        olga.execute("PREPARE act AS " + cancel())
        assert len(olga.execute("EXECUTE look").fetchall()) == 10
        admin.execute("UPDATE platform_users SET is_active = false WHERE login = 'olga'")
        assert olga.execute("EXECUTE look").fetchall() == []
        assert olga.execute("EXECUTE act").rowcount == 0
        assert rows(admin, 3)[5] == "running"
        admin.execute("UPDATE platform_users SET is_active = true WHERE login = 'olga'")
        assert len(olga.execute("EXECUTE look").fetchall()) == 10
        admin.execute("DELETE FROM platform_users WHERE login = 'olga'")
        assert olga.execute("EXECUTE look").fetchall() == []


def test_people_truncated_leave_no_prepared_plan_that_reads(gate_server, gated):
    with enter(gate_server, gated, VIEWER) as vera, enter(gate_server, gated, "postgres") as admin:
        vera.execute("SET plan_cache_mode = force_generic_plan")
        vera.execute("PREPARE look AS SELECT id FROM operation_runs")
        assert len(vera.execute("EXECUTE look").fetchall()) == 10
        admin.execute("TRUNCATE platform_users")
        assert vera.execute("EXECUTE look").fetchall() == []


TRACES = """SELECT pg_current_xact_id_if_assigned() IS NULL, pg_stat_get_xact_tuples_inserted('audit_logs'::regclass),
    (SELECT array_agg(DISTINCT relation::regclass::text || mode) FROM pg_locks WHERE pid = pg_backend_pid())"""


def traces(server, name, who, run_id):
    """Give what a session can find out about a refusal that it has recorded, and how `lastval` answers after it."""
    with enter(server, name, who) as session:
        session.execute("BEGIN")
        session.execute(REFUSE.format(f"{run_id}, {RETRY}, 'denied', 'No.'"))
        found = session.execute(TRACES).fetchall()
        with pytest.raises(psycopg.Error) as refused:
            session.execute("SELECT lastval()")
        session.execute("ROLLBACK")
    return found, refused.value.sqlstate


@pytest.mark.parametrize("who", [INACTIVE, STRANGER, VIEWER])
def test_a_refusal_leaves_the_same_traces_whether_or_not_the_run_exists(gate_server, gated, who):
    with enter(gate_server, gated, "postgres") as admin:
        if who == VIEWER:
            admin.execute("CREATE POLICY ours ON operation_runs AS RESTRICTIVE USING (id > 6)")
        assert traces(gate_server, gated, who, 6) == traces(gate_server, gated, who, 99)
        columns = "workspace_id, tenant_id, actor_name, action, status, metadata"
        with enter(gate_server, gated, who) as session:
            for run_id in (6, 99):
                session.execute(REFUSE.format(f"{run_id}, {RETRY}, 'denied', 'No.'"))
        written = admin.execute(f"SELECT {columns} FROM audit_logs WHERE resource_id IN (6, 99)").fetchall()
    assert len(written) == 2
    assert written[0] == written[1]


def test_row_security_keeps_no_index_from_being_used(gate_server, gated):
    parent = "(context #>> '{triage,retry_of_run_id}')"
    with enter(gate_server, gated, VIEWER) as vera:
        vera.execute("SET enable_seqscan = off")
        plan = vera.execute(
            f"EXPLAIN SELECT id FROM operation_runs WHERE {parent} IS NOT NULL AND {parent} = '6' ORDER BY {parent}, id"
        ).fetchall()
    assert any("Index Cond" in line and "triage" in line for (line,) in plan), plan


def test_of_two_retries_at_once_the_second_is_refused_also_without_an_index(gate_server, gated):
    with (
        enter(gate_server, gated, "postgres") as admin,
        enter(gate_server, gated, OPERATOR) as mona,
        enter(gate_server, gated, OTHER) as olga,
    ):
        admin.execute("DROP INDEX ux_runs_live_retry")
        mona.execute("BEGIN")
        mona.execute(retry())
        olga.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            olga.execute(retry(initiator_name="'Olga'"))
        mona.execute("COMMIT")
        with pytest.raises(psycopg.errors.CheckViolation, match="was already retried as Operation #"):
            olga.execute(retry(initiator_name="'Olga'"))


def test_workers_owner_and_superusers_are_not_concerned(gate_server, gated):
    with enter(gate_server, gated, "postgres") as admin:
        for who in (WORKER, OWNER, "postgres"):
            with enter(gate_server, gated, who) as session:
                assert session.execute("SELECT count(*) FROM operation_runs").fetchone()[0] >= 10
                session.execute("UPDATE operation_runs SET status = 'queued' WHERE id = 3")
                session.execute("UPDATE operation_runs SET status = 'running', started_at = now() WHERE id = 3")
                session.execute(
                    "INSERT INTO operation_runs (workspace_id, type, status, outcome, context, created_at)"
                    " VALUES (1, 'inventory.sync', 'queued', 'pending', '{}', now())"
                )
        assert newest_audit(admin)[4] == 5, "nothing of it is triage"


def test_a_membership_taken_back_leaves_no_session_unheld(gate_server, gated):
    """Whoever gives the groups away could give one to themselves, become it and take it back."""
    with enter(gate_server, gated, "postgres") as admin:
        admin.execute("CREATE ROLE tara LOGIN")
        try:
            admin.execute("GRANT opsnb_operator TO tara")
            with enter(gate_server, gated, "tara") as tara:
                tara.execute("SET ROLE opsnb_operator")
                admin.execute("REVOKE opsnb_operator FROM tara")
                assert tara.execute("SELECT count(*) FROM operation_runs").fetchone() == (0,)
                added = "INSERT INTO operation_runs (workspace_id, type, status, outcome, created_at)"
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="login tara is not that of an active"):
                    tara.execute(f"{added} VALUES (1, 'inventory.sync', 'queued', 'pending', now())")
        finally:
            admin.execute("DROP ROLE tara")


def test_operators_are_held_although_their_group_is_taken_out_of_the_viewers(gate_server, gated):
    with enter(gate_server, gated, "postgres") as admin:
        admin.execute("REVOKE opsnb_viewer FROM opsnb_operator; GRANT SELECT ON operation_runs TO opsnb_operator")
        try:
            with enter(gate_server, gated, OPERATOR) as mona, pytest.raises(psycopg.errors.CheckViolation):
                mona.execute(cancel(2))
        finally:
            admin.execute("GRANT opsnb_viewer TO opsnb_operator")
