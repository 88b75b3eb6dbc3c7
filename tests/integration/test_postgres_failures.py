"""PostgreSQL that fails in the middle of things: one sentence in time, no half of an act, and work goes on after it."""

import socketserver
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from itertools import count

import psycopg
import pytest
from sqlalchemy import event, text

from opsnb import schema
from opsnb.database import Database
from opsnb.errors import AccessDenied, DatabaseUnavailable, OutcomeUnknown, QueryTimeout
from opsnb.ops import Ops
from opsnb.settings import Settings
from opsnb.triage import Act
from support.acts import attempt, audit, states
from support.history import MANAGE, MANAGER, NOW, add_people, add_run, execute
from support.postgres import VERSIONS, server

SETTINGS = Settings(lock_timeout=timedelta(milliseconds=500), statement_timeout=timedelta(seconds=1))
_numbers = count(1)


@pytest.fixture(scope="module", params=VERSIONS)
def own_server(request):
    """A server of this module's own, to be stopped and spoilt, with a template that holds people."""
    with server(request.param) as running:
        database = Database(running.create("people"), Settings())
        schema.init(database)
        add_people(database)
        database.close()
        yield running


@pytest.fixture
def url(own_server):
    name = f"failing_{next(_numbers)}"
    yield own_server.create(name, "people")
    own_server.drop(name)


@pytest.fixture
def place(url, open_database):
    """What a test prepares and looks at; `mona` has connections of her own."""
    return open_database(url)


@pytest.fixture
def ops_at(open_database):
    def make(url, settings=SETTINGS):
        return Ops(open_database(url, settings), settings, MANAGER, False, lambda: NOW)

    return make


@pytest.fixture
def mona(url, ops_at):
    return ops_at(url)


def refusal(ask, *, within=3.0):
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as caught:
        ask()
    assert time.monotonic() - began < within
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def a_run_for(database, act):
    return add_run(database, **({"status": "running"} if act is Act.CANCEL else {"outcome": "failed"}))


def everything(database):
    return states(database), audit(database)


def assert_done_once(database, run_id, act):
    (row,) = audit(database)
    assert (row["action"].rpartition(".")[2], row["status"], row["resource_id"]) == (act, "success", run_id)
    runs = states(database)
    done = {Act.RETRY: len(runs) == 2, Act.CANCEL: "cancel" in runs[run_id][2]}
    assert done.get(act, "investigated" in runs[run_id][2])


def terminate(own_server, pid):
    own_server.execute(f"SELECT pg_terminate_backend({pid}, 5000)")


@contextmanager
def killed_at(own_server, engine, moment):
    """Let an administrator end the writer's session just before a statement or its COMMIT, once."""
    left = [moment]

    def kill(connection, statement):
        if left and moment in statement:
            left.clear()
            terminate(own_server, connection.connection.dbapi_connection.info.backend_pid)

    def before(connection, _cursor, statement, *_more):
        kill(connection, statement)

    def commit(connection):
        kill(connection, "COMMIT")

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", commit)
    yield
    event.remove(engine, "before_cursor_execute", before)
    event.remove(engine, "commit", commit)
    assert not left, "nobody was killed"


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("moment", ["FOR UPDATE", "change", "INSERT INTO audit_logs"])
def test_a_session_ended_within_an_act_leaves_nothing_of_it(own_server, place, mona, act, moment):
    run_id = a_run_for(place, act)
    was = everything(place)
    change = "INSERT INTO operation_runs" if act is Act.RETRY else "UPDATE operation_runs"
    with killed_at(own_server, mona.database.writer, change if moment == "change" else moment):
        said = refusal(lambda: attempt(mona, act, run_id))
    assert said == f"The connection to {mona.database.name} was lost and nothing was changed; try again in a moment."
    assert everything(place) == was
    assert attempt(mona, act, run_id).status == "success"
    assert_done_once(place, run_id, act)


MAYBE = "was lost at the last moment: this may or may not have been done; refresh to see."


@pytest.mark.parametrize("act", Act)
def test_a_session_ended_before_its_commit_may_not_have_been_done(own_server, place, mona, act):
    run_id = a_run_for(place, act)
    was = everything(place)
    with killed_at(own_server, mona.database.writer, "COMMIT"), pytest.raises(OutcomeUnknown, match=MAYBE):
        attempt(mona, act, run_id)
    assert everything(place) == was
    assert attempt(mona, act, run_id).status == "success"
    assert_done_once(place, run_id, act)


@contextmanager
def unanswered_commits(server, name):
    """Let COMMIT wait for a standby that is not there: what waits has been done already."""
    server.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    server.execute("SELECT pg_reload_conf()")
    yield
    server.execute("ALTER SYSTEM RESET synchronous_standby_names")
    server.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("act", Act)
def test_a_session_ended_after_its_commit_may_have_been_done(own_server, place, mona, act):
    run_id, told = a_run_for(place, act), []
    acting = threading.Thread(target=lambda: told.append(refusal(lambda: attempt(mona, act, run_id), within=10)))
    waiting = text("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()")
    with unanswered_commits(own_server, place.url.database):
        acting.start()
        end = time.monotonic() + 5
        while not (found := place.fetch(waiting)):
            assert time.monotonic() < end, "no COMMIT waits"
            time.sleep(0.01)
        terminate(own_server, found[0][0])
        acting.join()
    assert told == [f"The connection to {mona.database.name} {MAYBE}"]
    assert_done_once(place, run_id, act)
    assert mona.run(run_id).row.id == run_id


def test_an_act_that_was_done_and_cannot_be_shown_is_not_called_a_failure(own_server, place, mona):
    run_id = a_run_for(place, Act.CANCEL)
    event.listen(mona.database.writer, "checkin", lambda *_: own_server.stop(), once=True)
    said = refusal(lambda: mona.cancel(run_id))
    own_server.start()
    assert said.startswith("This was done and is on record, but cannot be shown just now: ")
    assert said.endswith("does not answer; check that PostgreSQL is running and can be reached.")
    assert_done_once(place, run_id, Act.CANCEL)


def test_sessions_that_ended_between_two_acts_are_replaced_without_a_word(own_server, place, mona):
    first, second = a_run_for(place, Act.RETRY), a_run_for(place, Act.CANCEL)
    mona.retry(first)
    own_server.execute(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{place.url.database}'"
    )
    assert mona.cancel(second).row.outcome == "failed"
    assert mona.runs().count == 3


def test_a_server_restarted_in_mid_session(own_server, place, mona):
    run_id, other = a_run_for(place, Act.CANCEL), a_run_for(place, Act.RETRY)
    mona.mark_investigated(run_id, reason="Looked into it.")
    was = everything(place)
    own_server.stop()
    for ask in (lambda: mona.cancel(run_id), lambda: mona.case(run_id), mona.runs):
        assert "does not answer; check that PostgreSQL is running and can be reached" in refusal(ask)
    own_server.start()
    assert everything(place) == was
    assert mona.cancel(run_id).row.outcome == "failed"
    own_server.stop()
    own_server.start()
    assert mona.retry(other).row.status == "queued", "a restart between two acts is nobody's concern"


def test_a_server_that_came_back_as_a_standby_refuses_acts_and_shows_lists(own_server, place, mona):
    run_id = a_run_for(place, Act.CANCEL)
    was = everything(place)
    own_server.stop()
    own_server.demote()
    own_server.start()
    assert mona.runs().count == 1
    with pytest.raises(AccessDenied, match="Nothing can be changed here: the database takes no writes"):
        mona.cancel(run_id)
    assert not mona.can(MANAGE)
    assert "is read-only just now, as after a failover" in refusal(lambda: execute(place, "DELETE FROM audit_logs"))
    own_server.execute("SELECT pg_promote()")
    assert everything(place) == was
    assert mona.cancel(run_id).row.outcome == "failed"
    assert mona.can(MANAGE)


@contextmanager
def locked(place, run_id):
    with place.change() as holder:
        holder.execute(text("UPDATE operation_runs SET type = type WHERE id = :id"), {"id": run_id})
        yield


def test_a_lock_of_two_seconds_is_refused_by_the_impatient_and_outlasted_by_others(url, place, mona, ops_at):
    run_id = a_run_for(place, Act.CANCEL)
    patient, told = ops_at(url, Settings()), []
    acting = threading.Thread(target=lambda: told.append(attempt(patient, Act.CANCEL, run_id)))
    with locked(place, run_id):
        acting.start()
        began = time.monotonic()
        said = refusal(lambda: mona.cancel(run_id), within=1.5)
        assert said.endswith("is locked by someone else just now and nothing was changed; try again in a moment.")
        time.sleep(max(0.0, 2 - (time.monotonic() - began)))
    acting.join()
    assert told[0].status == "success"


def test_a_server_without_a_connection_to_spare(own_server, place, mona):
    run_id = a_run_for(place, Act.CANCEL)
    place.close()
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(host=str(own_server.folder), user="postgres", dbname="postgres"))
        for ask in (mona.runs, lambda: mona.cancel(run_id)):
            assert "has no connection to spare just now; try again in a moment" in refusal(ask)
    assert mona.cancel(run_id).row.outcome == "failed"


@pytest.mark.parametrize("name", ["reader", "writer"])
def test_a_pool_without_a_connection_to_spare(place, mona, name):
    run_id = a_run_for(place, Act.CANCEL)
    mona.runs()
    engine = getattr(mona.database, name)
    held = [engine.connect() for _ in range(engine.pool.size() + engine.pool._max_overflow)]
    mona._asked.clear()
    said = refusal(mona.runs if name == "reader" else lambda: mona.cancel(run_id), within=1.5)
    assert said == f"All connections to {mona.database.name} are busy; try again in a moment."
    for connection in held:
        connection.close()
    assert mona.cancel(run_id).row.outcome == "failed"


@pytest.mark.parametrize("act", Act)
def test_an_act_that_takes_too_long_is_stopped(place, mona, act):
    run_id = a_run_for(place, act)
    execute(place, "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
                   " $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$")  # fmt: skip
    execute(place, "CREATE TRIGGER dawdle BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION dawdle()")
    was = everything(place)
    with pytest.raises(QueryTimeout, match="took too long over this and stopped it; nothing was changed; try again"):
        attempt(mona, act, run_id)
    assert everything(place) == was
    execute(place, "DROP TRIGGER dawdle ON audit_logs")
    assert attempt(mona, act, run_id).status == "success"


def test_a_socket_that_is_gone_and_back(own_server, place, mona):
    run_id = a_run_for(place, Act.CANCEL)
    socket = own_server.folder / ".s.PGSQL.5432"
    hidden = socket.rename(socket.with_name("hidden"))
    for ask in (mona.runs, lambda: mona.cancel(run_id)):
        assert "does not answer; check that PostgreSQL is running and can be reached" in refusal(ask)
    hidden.rename(socket)
    assert mona.cancel(run_id).row.outcome == "failed"


def test_a_server_that_says_nothing_is_not_waited_for(own_server, place, mona):
    run_id = a_run_for(place, Act.CANCEL)
    with own_server.frozen():
        for ask in (mona.runs, lambda: mona.cancel(run_id)):
            assert "does not answer; check that PostgreSQL is running and can be reached" in refusal(ask)
    assert mona.cancel(run_id).row.outcome == "failed"


def test_a_name_that_no_server_has(ops_at):
    mona = ops_at("postgresql://ada:s3cr3t@nowhere.invalid/ops")
    for ask in (mona.runs, lambda: mona.cancel(1)):
        said = refusal(ask, within=10)
        assert "does not answer; check that PostgreSQL is running and can be reached" in said
        assert "s3cr3t" not in said


def test_a_login_that_is_refused(own_server, place, ops_at):
    rules = own_server.folder / "data" / "pg_hba.conf"
    kept = rules.read_text()
    execute(place, "CREATE ROLE careful LOGIN PASSWORD 'right'")
    rules.write_text(f"local all careful scram-sha-256\n{kept}")
    own_server.execute("SELECT pg_reload_conf()")
    for login in ("careful", "careful:s3cr3t"):
        mona = ops_at(place.url.render_as_string(hide_password=False).replace("postgres@", f"{login}@"))
        for ask in (mona.runs, lambda mona=mona: mona.cancel(1)):
            said = refusal(ask)
            assert "refused the login; check user and password in OPSNB_DATABASE_URL" in said
            assert "s3cr3t" not in said
    rules.write_text(kept)
    own_server.execute("SELECT pg_reload_conf()")


def test_a_server_that_does_not_speak_tls(own_server, place, ops_at):
    with socketserver.TCPServer(("127.0.0.1", 0), None) as free:
        port = free.server_address[1]
    own_server.stop()
    own_server.start(listen_addresses="127.0.0.1", port=port)
    name = place.url.database
    mona = ops_at(f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=require")
    for ask in (mona.runs, lambda: mona.cancel(1)):
        said = refusal(ask)
        assert "and this machine do not agree on encryption (" in said
        assert said.endswith("; check sslmode and certificates in OPSNB_DATABASE_URL.")
    plain = ops_at(f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable")
    assert plain.runs().count == 0
    own_server.stop()
    own_server.start()
