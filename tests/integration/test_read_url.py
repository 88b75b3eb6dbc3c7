"""Lists and details read from a streaming replica: what they show, how old they say it is, and where acts go."""

import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import psycopg
import pytest
from sqlalchemy import event, text

import opsnb
from opsnb import replica, schema
from opsnb.database import Database
from opsnb.errors import BadInput, DatabaseUnavailable, RunNotFound, TriageRefused
from opsnb.links import Page
from opsnb.ops import Ops
from opsnb.replica import Replica
from opsnb.serve.environment import kernel_environment
from opsnb.settings import Settings
from opsnb.widgets.console import Console
from support.history import MANAGE, MANAGER, VIEW, add_people, add_recent_run, execute
from support.isolation import short_folder
from support.postgres import VERSIONS, server, standby
from support.workers import eventually

_numbers = count(1)
SETTINGS = Settings(lock_timeout=timedelta(seconds=1))


@pytest.fixture(autouse=True)
def _ask_the_replica_each_time(monkeypatch):
    monkeypatch.setattr(replica, "REPLICA_SECONDS", 0)
    monkeypatch.setattr(replica, "LOST_SECONDS", 0)


@contextmanager
def pair(version=VERSIONS[0]):
    """Give a primary and its streaming replica, with a template that holds people."""
    with server(version, synchronous_commit="on") as primary:
        made = Database(primary.create("people"), Settings())
        schema.init(made)
        add_people(made)
        made.close()
        with standby(primary) as follower:
            yield primary, follower


@pytest.fixture(scope="module", params=VERSIONS)
def servers(request):
    with pair(request.param) as both:
        yield both


@pytest.fixture
def name(servers):
    name = f"read_{next(_numbers)}"
    primary, follower = servers
    primary.create(name, "people")
    yield name
    follower.execute("SELECT pg_wal_replay_resume()")
    wait_for(servers)
    primary.drop(name)


@pytest.fixture
def place(servers, name, open_database):
    return open_database(servers[0].url(name))


@pytest.fixture
def opened():
    """Open `Ops` of the manager on two addresses; all are closed at the end."""
    made = []

    def make(url, read_url, *, read_only=False):
        database, follower = Database(url, SETTINGS), Replica(read_url, SETTINGS)
        made.append(Ops(database, SETTINGS, MANAGER, read_only, lambda: datetime.now(UTC), follower))
        return made[-1]

    yield make
    for ops in made:
        ops.close()


@pytest.fixture
def mona(servers, name, opened):
    return opened(servers[0].url(name), servers[1].url(name))


def value(server, statement):
    database = Database(server.url(), Settings())
    try:
        with database.look() as connection:
            return connection.exec_driver_sql(statement).scalar()
    finally:
        database.close()


def wait_for(servers):
    """Wait until the replica has replayed everything."""
    primary, follower = servers
    wanted = value(primary, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    primary.execute("SELECT pg_logical_emit_message(false, 'opsnb', 'so that there is something beyond')")
    end = time.monotonic() + 10
    while value(follower, "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn") < wanted:
        assert time.monotonic() < end, "the replica does not follow"
        time.sleep(0.01)


def wait_for_lag(servers):
    """Wait until the replica has received what it does not show."""
    end = time.monotonic() + 10
    while not value(servers[1], "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"):
        assert time.monotonic() < end, "the replica receives nothing"
        time.sleep(0.01)


def pause(servers):
    wait_for(servers)
    servers[1].execute("SELECT pg_wal_replay_pause()")
    while value(servers[1], "SELECT pg_get_wal_replay_pause_state()") != "paused":
        time.sleep(0.01)


def statements_of(database):
    """Collect what a database is asked from now on."""
    asked = []
    for engine in (database.reader, database.writer):
        event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    return asked


def test_looking_asks_the_primary_nothing(servers, place, mona):
    run_id = add_recent_run(place, outcome="failed")
    wait_for(servers)
    asked = statements_of(mona.database)
    assert [row.id for row in mona.runs().rows] == [run_id]
    assert mona.failures().count == mona.count() == 1
    run = mona.run(run_id)
    assert (run.audit(), len(run.lineage())) == ([], 1)
    assert [choice.label for choice in mona.choices("workspace")] == ["Aurora"]
    assert mona.label("workspace", 1) == "Aurora"
    assert mona.actor.name == "Mona"
    assert mona.can(VIEW)
    assert asked == []
    assert mona.can(MANAGE), "asked where it would be done"


def test_a_replica_is_not_asked_for_its_state_with_every_page(servers, place, mona, monkeypatch):
    monkeypatch.setattr(replica, "REPLICA_SECONDS", 60)
    add_recent_run(place)
    wait_for(servers)
    asked = statements_of(mona._sources._replica)
    for _ in range(3):
        mona.runs()
    assert len([statement for statement in asked if "pg_is_in_recovery() THEN 0" in statement]) == 1


def test_a_page_of_a_replica_that_follows_is_of_this_moment(servers, place, mona):
    add_recent_run(place)
    wait_for(servers)
    page = mona.runs()
    assert datetime.now(UTC) - page.as_of < timedelta(seconds=2)
    assert "behind" not in repr(page)


def test_a_page_says_how_far_behind_its_replica_is(servers, place, mona):
    run_id = add_recent_run(place)
    pause(servers)
    before = datetime.now(UTC)
    late = add_recent_run(place)
    wait_for_lag(servers)
    page, run = mona.runs(), mona.run(run_id)
    assert [row.id for row in page.rows] == [run_id]
    assert page.as_of <= before
    assert run.as_of <= before
    assert page.behind >= datetime.now(UTC) - before - timedelta(seconds=1)
    assert datetime.now(UTC) - page.as_of - page.behind < timedelta(seconds=2)
    assert mona.run(late).behind == timedelta(0), "what the replica has not is looked for on the primary"
    with pytest.raises(RunNotFound):
        mona.run(99)


def test_a_lag_of_more_than_a_few_seconds_is_said(servers, place, mona, monkeypatch):
    run_id = add_recent_run(place)
    pause(servers)
    add_recent_run(place)
    real = replica._state
    monkeypatch.setattr(replica, "_state", lambda asked: (timedelta(seconds=42), real(asked)[1]))
    page = mona.runs()
    assert repr(page).endswith(f"as of {page.as_of:%Y-%m-%d %H:%M:%S} UTC, 42 s behind")
    assert page._repr_html_().count(", 42 s behind") == 1
    _, listed, shown, _ = Console(mona)._parts
    listed.show(page.page, {})
    shown.show(run_id)
    assert listed.fresh["behind"] == ", 42 s behind"
    assert shown.fresh["behind"] == ", 42 s behind"


def test_who_acted_sees_it_at_once_and_reads_the_replica_again_when_it_shows_it(servers, place, mona):
    run_id = add_recent_run(place, status="running")
    pause(servers)
    assert mona.case(run_id).decide("cancel")
    done = mona.cancel(run_id)
    assert (done.row.outcome, done.behind, len(done.audit())) == ("failed", timedelta(0), 1)
    assert mona.run(run_id).row.outcome == mona.runs().rows[0].outcome == "failed"
    servers[1].execute("SELECT pg_wal_replay_resume()")
    wait_for(servers)
    mona.runs()
    asked = statements_of(mona.database)
    assert mona.run(run_id).row.outcome == "failed"
    assert asked == []


def test_an_act_is_decided_on_the_primary(servers, place, mona):
    run_id = add_recent_run(place, status="running")
    pause(servers)
    execute(place, "UPDATE operation_runs SET status = 'completed', outcome = 'succeeded'")
    assert mona.run(run_id).row.status == "running"
    assert "succeeded" in mona.decide("cancel", run_id).reason
    with pytest.raises(TriageRefused, match="completed as succeeded"):
        mona.cancel(run_id)
    assert mona.run(run_id).row.status == "completed", "and then shown"


def test_a_replica_that_is_cut_off_does_not_pass_for_one_that_follows(servers, place, mona):
    add_recent_run(place)
    wait_for(servers)
    last = mona.runs().as_of
    servers[0].stop()
    time.sleep(0.3)
    page = mona.runs()
    assert page.count == 1
    assert page.as_of <= last
    assert "does not answer" in refused(lambda: mona.cancel(1))
    assert "does not answer" in refused(lambda: mona.case(1))
    assert mona.runs().count == 1
    servers[0].start()


def refused(ask):
    with pytest.raises(DatabaseUnavailable) as caught:
        ask()
    return str(caught.value)


def test_what_a_lost_replica_would_show_is_read_from_the_primary_and_said(servers, place, mona):
    run_id = add_recent_run(place, status="running")
    wait_for(servers)
    assert mona.runs().instead == ""
    servers[1].stop()
    said = "read from the primary: the replica does not answer; check that PostgreSQL is running and can be reached."
    assert repr(mona.runs()).endswith(f" UTC, {said}")
    assert (mona.failures().count, mona.count(), mona.label("workspace", 1)) == (0, 1, "Aurora")
    _, listed, shown, _ = Console(mona)._parts
    listed.show(Page.RUNS, {})
    shown.show(run_id)
    assert listed.fresh["behind"] == f", {said}"
    assert shown.fresh["behind"] == f", {said}"
    assert [act["refused"] for act in shown.bar.state["acts"] if act["act"] == "cancel"] == [""]
    assert mona.cancel(run_id).row.outcome == "failed"
    assert mona.run(run_id).instead, "also to who acted"
    servers[1].start()
    assert mona.runs().instead == ""
    wait_for(servers)
    mona.runs()
    asked = statements_of(mona.database)
    assert mona.run(run_id).row.outcome == "failed"
    assert asked == []


def test_a_replica_lost_between_two_questions_is_passed_over(servers, place, mona, monkeypatch):
    monkeypatch.setattr(replica, "REPLICA_SECONDS", 60)
    add_recent_run(place)
    wait_for(servers)
    mona.runs()
    servers[1].stop()
    assert "the replica does not answer" in mona.runs().instead
    servers[1].start()


def test_what_a_replica_cannot_answer_is_not_asked_of_the_primary(servers, place, mona):
    wait_for(servers)
    asked = []

    def ask(source):
        asked.append(source.database)
        return source.database.fetch(text("SELECT 1 / 0"))

    assert "division by zero" in refused(lambda: mona._sources.read(datetime.now(UTC), ask))
    assert asked == [mona._sources._replica]


@pytest.fixture
def silent():
    """A server that lets everybody connect and says nothing; its address and the number of those who came."""
    folder = short_folder("silent-")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/.s.PGSQL.5432")
        listening.listen()
        listening.setblocking(False)

        def came():
            number = 0
            with suppress(BlockingIOError):
                while True:
                    listening.accept()[0].close()
                    number += 1
            return number

        yield f"postgresql://postgres@/people?host={folder}", came
    shutil.rmtree(folder)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_silent_replica_is_waited_for_once_and_then_left_alone(
    servers, name, place, opened, silent, monkeypatch, read_only
):
    monkeypatch.setattr(replica, "LOST_SECONDS", 60)
    add_recent_run(place)
    url, came = silent
    ops = opened(servers[0].url(name), url, read_only=read_only)
    ask = (lambda: refused(ops.runs)) if read_only else (lambda: ops.runs().instead)
    with ThreadPoolExecutor(3) as pool:
        said = [answer.result() for answer in [pool.submit(ask) for _ in range(3)]]
    assert all("does not answer" in answer for answer in said)
    assert "does not answer" in ask()
    assert came() == 1


def test_where_nobody_acts_the_primary_is_spared(servers, name, place, opened):
    add_recent_run(place)
    ops = opened(servers[0].url(name), f"postgresql://postgres@/{name}?host=/nowhere", read_only=True)
    asked = statements_of(ops.database)
    said = refused(ops.runs)
    assert "%2Fnowhere does not answer" in said
    assert refused(lambda: ops.run(1)) == said
    assert asked == []


def test_the_wrong_login_on_a_replica_names_its_setting(servers, place, name, opened):
    url = servers[1].url(name).replace("postgres@", "stranger@")
    said = "the replica refused the login; check user and password in OPSNB_READ_URL."
    assert opened(servers[0].url(name), url).runs().instead == said


def test_a_plain_login_learns_how_old_the_replica_is(servers, place, name, opened):
    execute(place, "CREATE ROLE plain LOGIN")
    execute(place, "GRANT SELECT ON operation_runs, platform_users, audit_logs, workspaces, tenants TO plain")
    add_recent_run(place)
    wait_for(servers)
    url = servers[1].url(name).replace("postgres@", "plain@")
    page = opened(servers[0].url(name), url).runs()
    assert (page.count, page.behind < timedelta(seconds=2)) == (1, True)
    execute(place, "DROP OWNED BY plain; DROP ROLE plain")


def test_a_query_that_stands_in_the_way_of_replay_is_broken_off_and_said(servers, place, name):
    follower = Replica(servers[1].url(name), SETTINGS)
    servers[1].execute("ALTER SYSTEM SET max_standby_streaming_delay = '100ms'")
    servers[1].execute("SELECT pg_reload_conf()")
    add_recent_run(place)
    wait_for(servers)

    def look():
        with follower.look() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(20) FROM operation_runs")

    def looks():
        with psycopg.connect(host=str(servers[1].folder), user="postgres", dbname=name) as connection:
            asked = "SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
            return connection.execute(asked).rowcount

    def said(column):
        with ThreadPoolExecutor(1) as other:
            answer = other.submit(refused, look)
            eventually(looks)
            execute(place, f"ALTER TABLE operation_runs ADD COLUMN {column} TEXT")
            return answer.result()

    # PostgreSQL 16 asks again every 5 ms, and ends a session that it finds between its error and the next question: on
    # a busy machine that one is not told why.
    assert any("broke this off to catch up with its primary; refresh" in said(f"more_{at}") for at in range(3))
    follower.close()


def connect(monkeypatch, url=None, **given):
    for setting, address in given.items():
        monkeypatch.setenv(f"OPSNB_{setting.upper()}", address)
    ops = opsnb.connect(url, actor=MANAGER)
    found = ops._sources._replica
    ops.close()
    return found


def test_the_setting_belongs_to_the_database_of_the_settings_alone(servers, name, sqlite_url, monkeypatch):
    primary, follower = (server.url(name) for server in servers)
    found = connect(monkeypatch, database_url=primary, read_url=follower)
    assert found is not None
    assert found.url == Database(follower, SETTINGS).url
    assert connect(monkeypatch, primary) is not None
    assert connect(monkeypatch, sqlite_url) is None
    kernel = kernel_environment(Database(primary, Settings.load()), None)
    assert kernel["OPSNB_READ_URL"] == follower
    other = kernel_environment(Database(sqlite_url, Settings.load()), None)
    assert connect(monkeypatch, database_url=other["OPSNB_DATABASE_URL"], read_url=other["OPSNB_READ_URL"]) is None
    with pytest.raises(BadInput, match="read_url must lead to a PostgreSQL replica"):
        connect(monkeypatch, database_url=primary, read_url=sqlite_url)


@pytest.mark.parametrize("wanted", ["read-write", "primary"])
def test_after_a_failover_acts_go_to_the_promoted_replica(open_database, opened, wanted):
    with pair() as (primary, follower):
        place = open_database(primary.url("people"))
        run_id, other = add_recent_run(place, status="running"), add_recent_run(place, outcome="failed")
        place.close()
        hosts = f"host={primary.folder}&host={follower.folder}&target_session_attrs={wanted}"
        mona = opened(f"postgresql://postgres@/people?{hosts}", follower.url("people"))
        mona.mark_investigated(run_id, reason="Looked into it.")
        wait_for((primary, follower))
        primary.stop()
        assert mona.runs().count == 2
        said = refused(lambda: mona.cancel(run_id))
        assert "is read-only just now, as after a failover, and nothing was changed" in said
        follower.execute("SELECT pg_promote()")
        assert mona.cancel(run_id).row.outcome == "failed"
        assert mona.retry(other).row.status == "queued"
        assert mona.runs().count == 3
        mona.close()
