"""The library where the gate stands: who acts, what they may do, and that both ways leave the same behind."""

import re
from datetime import UTC, datetime

import pytest

from opsnb import ops as ops_module
from opsnb.access import Capability
from opsnb.audit import Result
from opsnb.database import Database
from opsnb.errors import AccessDenied, DatabaseUnavailable, TriageRefused
from opsnb.ops import Ops
from opsnb.settings import Settings
from opsnb.triage import Act
from opsnb.worker import Claims
from support.acts import attempt
from support.gate import DEMOTED, INACTIVE, OPERATOR, OTHER, OWNER, STRANGER, VIEWER, WORKER, enter, make

MANAGE = Capability.MANAGE


def url_for(server, name, login):
    return server.url(name).replace("postgres@", f"{login}@")


@pytest.fixture
def ops_as(gate_server, gated):
    """Give what somebody holds who connects as a login, and says to be `who`."""
    opened = []

    def make_ops(login, who="", settings=None, name=gated):
        settings = settings or Settings()
        database = Database(url_for(gate_server, name, login), settings)
        opened.append(database)
        return Ops(database, settings, who, False, lambda: datetime.now(UTC))

    yield make_ops
    for database in opened:
        database.close()


@pytest.fixture
def admin(gate_server, gated):
    with enter(gate_server, gated, "postgres") as connection:
        yield connection


def play(ops_of):
    """Act as several people do, each act allowed, refused or denied; give what each was told."""
    mona, olga = OPERATOR, OTHER
    tries = [
        (mona, Act.RETRY, 1), (olga, Act.RETRY, 1), (mona, Act.CANCEL, 3), (olga, Act.CANCEL, 3), (mona, Act.CANCEL, 4),
        (mona, Act.RETRY, 4), (olga, Act.RETRY, 5), (mona, Act.MARK_INVESTIGATED, 1), (olga, Act.MARK_INVESTIGATED, 1),
        (mona, Act.MARK_INVESTIGATED, 5), (olga, Act.MARK_INVESTIGATED, 2), (mona, Act.RETRY, 2), (mona, Act.RETRY, 6),
        (mona, Act.RETRY, 8), (mona, Act.CANCEL, 9), (mona, Act.CANCEL, 7), (olga, Act.RETRY, 6),
        *((who, act, 10) for who in (VIEWER, DEMOTED, INACTIVE, STRANGER) for act in Act),
    ]  # fmt: skip
    told = []
    for who, act, run_id in tries:
        ops = ops_of(who)
        told.append(tuple(attempt(ops, act, run_id)))
        ops.close()
    return told


def left_behind(admin):
    """Read runs and audit with each time in its place said to be a time, but for those of the start."""
    runs = admin.execute("SELECT to_jsonb(r) FROM operation_runs r ORDER BY id").fetchall()
    told = admin.execute("SELECT to_jsonb(a) FROM audit_logs a WHERE id > 1 ORDER BY id").fetchall()
    return _without_times([row[0] for row in runs]), _without_times([row[0] for row in told])


def _without_times(value, key=""):
    if isinstance(value, dict):
        return {name: _without_times(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_times(item) for item in value]
    if key in ("at", "created_at", "completed_at", "recorded_at") and value is not None:
        when = datetime.fromisoformat(value)
        assert key != "at" or value == when.isoformat()
        return "then" if when == datetime(2026, 11, 23, 13, 0, tzinfo=UTC) else "now"
    return _words(value)


BLIND = ("Ines", "nora")  # who may not see runs


def without_the_run(row):
    """Take what is known of the run out of an audit row about somebody who may not see it."""
    if row["actor_name"] not in BLIND:
        return row
    metadata = {key: value for key, value in row["metadata"].items() if key != "from"}
    return row | {"workspace_id": None, "tenant_id": None, "metadata": metadata}


def plain(told):
    return [(act, run_id, status, _words(said)) for act, run_id, status, said in told]


def _words(said):
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", said) if isinstance(said, str) else said


def test_with_the_gate_and_without_it_the_same_is_told_done_and_recorded(gate_server, gated, ops_as, admin):
    bare = make(gate_server, f"{gated}_bare")
    with enter(gate_server, bare, "postgres") as other:
        told = plain(play(lambda login: ops_as(login, who="mona")))
        # The owner is not bound: opsnb itself writes the audit, as it does where there is no gate.
        assert plain(play(lambda who: ops_as(OWNER, who=who, name=bare))) == told
        runs, audit = left_behind(admin)
        other_runs, other_audit = left_behind(other)
        assert runs == other_runs
        assert [*map(without_the_run, audit)] == [*map(without_the_run, other_audit)]
        blind = [row for row in audit if row["actor_name"] in BLIND]
        assert len(blind) == 6
        assert all(row == without_the_run(row) for row in blind), "the gate does not look at the run for them"
    assert {status for _, _, status, _ in told} == {*Result}
    gate_server.drop(bare)


def test_an_operation_with_a_number_of_19_digits_is_retried(ops_as, admin):
    number = 2**63 - 3
    admin.execute("UPDATE operation_runs SET id = %s WHERE id = 1", (number,))
    admin.execute("SELECT setval('operation_runs_id_seq', %s)", (number,))
    new = ops_as(OPERATOR).retry(number)
    assert (new.id, new.retry_of) == (number + 1, number)
    recorded = admin.execute("SELECT resource_id, metadata FROM audit_logs ORDER BY id DESC LIMIT 1").fetchone()
    assert (recorded[0], recorded[1]["new_run_id"]) == (number, number + 1)


def test_the_login_says_who_acts_whatever_the_kernel_says(ops_as):
    for who in ("mona", "olga@example.test", 2, "Mona", ""):
        ops = ops_as(VIEWER, who=who)
        assert (ops.actor.name, ops.actor.login, ops.actor.bound) == ("Vera", VIEWER, True)
        assert (ops.can(Capability.VIEW), ops.can(MANAGE)) == (True, False)
    assert ops_as(OPERATOR, who="vera").can(MANAGE)


@pytest.mark.parametrize("who", [INACTIVE, STRANGER])
def test_who_is_not_an_active_user_is_told_so_and_sees_nothing(ops_as, who):
    ops = ops_as(who, who="mona")
    said = "is not active" if who == INACTIVE else "nora is not a platform user here"
    for ask in (ops.runs, lambda: ops.run(1), lambda: ops.retry(1), lambda: ops.retry(99)):
        with pytest.raises(AccessDenied, match=said):
            ask()


def test_what_the_login_may_not_do_is_withheld_although_the_person_may(gate_server, gated, ops_as, admin, monkeypatch):
    monkeypatch.setattr(ops_module, "ACTOR_SECONDS", 0.0)
    admin.execute("CREATE ROLE late LOGIN IN ROLE opsnb_operator")
    admin.execute("UPDATE platform_users SET login = 'late' WHERE login = 'mona'")
    ops = ops_as("late")
    assert ops.can(MANAGE)
    admin.execute("REVOKE opsnb_operator FROM late; GRANT opsnb_viewer TO late")
    assert (ops.can(Capability.VIEW), ops.can(MANAGE)) == (True, False)
    with pytest.raises(
        AccessDenied, match="Mona may not act on operations: the database login late has no right to it"
    ):
        ops.retry(1)
    assert admin.execute("SELECT status, actor_id FROM audit_logs ORDER BY id DESC").fetchone() == ("denied", 2)
    admin.execute("REVOKE opsnb_viewer FROM late; GRANT opsnb_operator TO late")
    admin.execute("ALTER ROLE late SET default_transaction_read_only = on")
    assert not ops.can(MANAGE)
    admin.execute("ALTER ROLE late IN DATABASE " + gated + " SET default_transaction_read_only = off")
    assert ops.can(MANAGE)
    admin.execute("REVOKE opsnb_operator FROM late")
    assert not ops.can(Capability.VIEW)
    ops.database.close()
    admin.execute(f"ALTER ROLE late IN DATABASE {gated} RESET ALL; DROP OWNED BY late; DROP ROLE late")


def test_without_the_gate_the_server_s_rights_bound_the_capabilities_too(gate_server, gated, ops_as, admin):
    admin.execute("DROP SCHEMA opsnb CASCADE")
    for table in ("operation_runs", "audit_logs", "platform_users", "workspaces", "tenants"):
        admin.execute(f"DROP POLICY IF EXISTS opsnb_active ON {table}")
    worker = ops_as(WORKER, who="mona")
    with pytest.raises(DatabaseUnavailable, match="may not do this"):
        _ = worker.actor
    admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO wanda")
    assert (worker.can(Capability.VIEW), worker.can(MANAGE), worker.actor.bound) == (True, False, False)
    worker.close()
    admin.execute("GRANT INSERT ON audit_logs TO wanda; GRANT USAGE ON audit_logs_id_seq TO wanda")
    worker = ops_as(WORKER, who="mona")
    assert worker.can(MANAGE)
    assert worker.retry(1).row.initiator_name == "Mona"


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [("42501", AccessDenied, "The database does not let you do this: Not today"),
     ("25006", AccessDenied, "the database takes no writes from this login"),
     ("23514", TriageRefused, "The database does not let this be done: Not today"),
     ("55000", DatabaseUnavailable, "could not answer: Not today")],
)  # fmt: skip
def test_what_the_server_refuses_at_the_moment_of_an_act_is_said(ops_as, admin, state, kind, said):
    admin.execute(f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'Not today.' USING ERRCODE = '{state}'; END $$""")
    admin.execute("CREATE TRIGGER aaa BEFORE INSERT OR UPDATE ON operation_runs FOR EACH ROW EXECUTE FUNCTION refuse()")
    for act, run_id in ((Act.RETRY, 1), (Act.CANCEL, 3), (Act.MARK_INVESTIGATED, 1)):
        for login in (OPERATOR, OWNER):
            with pytest.raises(kind, match=said):
                getattr(ops_as(login, who="mona"), act)(
                    run_id, **({"reason": "Looked into it."} if act == Act.MARK_INVESTIGATED else {})
                )
    statuses = admin.execute("SELECT status, actor_id, metadata ->> 'refusal' FROM audit_logs WHERE id > 1").fetchall()
    expected = {AccessDenied: "denied", TriageRefused: "refused"}.get(kind)
    assert [row[:2] for row in statuses] == [(expected, 2)] * (6 if expected else 0)
    assert all(said in row[2] for row in statuses)


def test_other_output_keys_than_the_guard_s_are_refused_in_its_words(ops_as, admin):
    ops = ops_as(OPERATOR, settings=Settings(output_keys=()))
    with pytest.raises(TriageRefused, match=r"must have its place, type and inputs.*these differ: context"):
        ops.retry(1)
    assert admin.execute("SELECT status FROM audit_logs ORDER BY id DESC").fetchone() == ("refused",)


def test_with_the_guard_disabled_an_operator_cannot_act_at_all(ops_as, admin):
    admin.execute("ALTER TABLE operation_runs DISABLE TRIGGER opsnb_guard")
    ops = ops_as(OPERATOR, who="mona")
    assert not ops.actor.bound
    assert not ops.can(MANAGE)
    with pytest.raises(AccessDenied):
        ops.cancel(3)


def test_a_team_s_worker_goes_on_working(gate_server, gated, ops_as):
    ops_as(OPERATOR).retry(1)
    database = Database(url_for(gate_server, gated, WORKER), Settings())
    started = datetime(2020, 1, 1, tzinfo=UTC)
    claims = Claims(database, ["inventory.sync"], "w", lambda: started)
    done = []
    while claim := claims.take():
        assert claims.advance(claim, {"done": 1, "total": 2})
        assert claims.finish(claim, None)
        done.append(claim.id)
    assert sorted(done) == [4, 7, 11]
    database.close()


def test_lists_and_detail_are_whole_for_a_viewer(ops_as):
    ops = ops_as(VIEWER)
    assert len(ops.runs().rows) == 10
    assert len(ops.failures(workspace=1).rows) == 4
    assert ops.count() == ops.runs().count
    assert [entry.actor_name for entry in ops.run(5).audit()] == ["Olga"]
    assert [relative.id for relative in ops.run(6).lineage()] == [6, 7]
    assert ops.choices("workspace")
    assert "Olga" in repr(ops.case(5).decide(Act.MARK_INVESTIGATED)) or not ops.can(MANAGE)
