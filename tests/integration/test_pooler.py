"""PostgreSQL behind PgBouncer in transaction mode: what any client leaves in a session is nobody else's."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from opsnb import demo
from opsnb.cli import main
from opsnb.database import Database
from opsnb.errors import DatabaseUnavailable, QueryTimeout
from opsnb.settings import Settings
from support.acts import attempt
from support.foreign import fill, history, seen
from support.gate import OPERATOR, VIEWER
from support.history import MANAGE, MANAGER, NOW, add_people, add_run
from support.pgbouncer import Pooler, pooler
from support.postgres import VERSIONS, PostgresServer
from support.serving import serving_notebooks, write_notebooks

OPTIONS = {"as it comes": {}, "dropping options": {"ignore_startup_parameters": "options,extra_float_digits"}}
both_ways = pytest.mark.parametrize("bouncer", OPTIONS.values(), ids=OPTIONS.keys(), indirect=True)
# What another client of the same pool leaves in the session that opsnb gets next.
FOREIGN = {
    "TimeZone": "Asia/Tokyo", "statement_timeout": "0", "lock_timeout": "0", "search_path": "elsewhere",
    "default_transaction_read_only": "off", "jit": "on",
}  # fmt: skip
IMPATIENT = Settings(schema=("public",), statement_timeout=timedelta(seconds=2), lock_timeout=timedelta(seconds=1))


@pytest.fixture(scope="module")
def bouncer(request: pytest.FixtureRequest, postgres_of: Callable[[str], PostgresServer]) -> Iterator[Pooler]:
    with pooler(postgres_of(VERSIONS[0]), **getattr(request, "param", {})) as running:
        yield running


@pytest.fixture
def pooled(bouncer: Pooler, postgres_url: str, open_database: Callable[..., Database]) -> Database:
    return open_database(bouncer.through(postgres_url), IMPATIENT)


@pytest.fixture
def other(bouncer: Pooler, pooled: Database) -> Iterator[psycopg.Connection[Any]]:
    """Another client of the pool, which sets whatever it likes for its session."""
    with psycopg.connect(
        host=str(bouncer.folder), user="postgres", dbname=pooled.url.database, autocommit=True, prepare_threshold=None
    ) as connection:
        for name, value in FOREIGN.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        yield connection


def session(connection: psycopg.Connection[Any]) -> tuple[int, dict[str, str]]:
    """Give the number of the server's session, and what is set in it."""
    values = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in FOREIGN}
    return connection.execute("SELECT pg_backend_pid()").fetchone()[0], values


def test_everything_is_read_as_without_a_pooler(pooled, postgres_url, open_database, ops_on):
    direct = open_database(postgres_url)
    fill(direct, history())
    assert seen(ops_on(pooled, MANAGER)) == seen(ops_on(direct, MANAGER))


@pytest.mark.parametrize("act", ["retry", "cancel", "mark_investigated"])
def test_every_act_is_done(pooled, other, ops_on, act):
    add_people(pooled)
    run_id = add_run(pooled, **({"status": "running"} if act == "cancel" else {"outcome": "failed"}))
    told = attempt(ops_on(pooled, MANAGER), act, run_id)
    assert (told.status, ops_on(pooled, MANAGER).run(run_id).audit()[0].status) == ("success", "success")


def test_the_first_thing_that_is_done_may_be_an_act(pooled, bouncer, ops_on, open_database):
    """Nothing else is asked through a second connection while an act holds the only session."""
    add_people(pooled)
    run_id = add_run(pooled, outcome="failed")
    fresh = open_database(pooled.url.render_as_string(hide_password=False), IMPATIENT)
    assert ops_on(fresh, MANAGER).retry(run_id).row.status == "queued"


@both_ways
def test_neither_client_meets_what_the_other_set(pooled, other):
    was = session(other)
    names = ("TimeZone", "statement_timeout", "lock_timeout", "search_path", "jit")
    shown = ", ".join(f"current_setting('{name}')" for name in names)
    ask = text(f"SELECT pg_backend_pid(), {shown}, current_setting('transaction_read_only')")
    ours = ("UTC", "2s", "1s", '"public"', "off")
    assert pooled.fetch(ask) == [(was[0], *ours, "on")]
    with pooled.change() as connection:
        assert connection.execute(ask).one() == (was[0], *ours, "off")
    assert session(other) == was


@both_ways
@pytest.mark.parametrize("writes", ["DELETE FROM public.operation_runs", "CREATE TABLE public.x (i integer)"])
def test_the_reader_writes_nothing(pooled, other, writes):
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        pooled.fetch(text(writes))
    with pytest.raises(DatabaseUnavailable, match="read-only"), pooled.look() as connection:
        connection.execute(text(writes))
    raw = pooled.reader.raw_connection()
    with closing(raw), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        raw.cursor().execute(writes)


@both_ways
def test_a_statement_that_takes_too_long_is_stopped(pooled, other):
    with pytest.raises(QueryTimeout):
        pooled.fetch(text("SELECT pg_sleep(30)"))
    with pytest.raises(QueryTimeout), pooled.change() as connection:
        connection.execute(text("SELECT pg_sleep(30)"))
    assert pooled.fetch(text("SELECT 1")) == [(1,)]


@both_ways
def test_a_lock_of_somebody_else_is_not_waited_for_longer_than_set(pooled, other, postgres_url):
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as holder:
        holder.execute("LOCK TABLE operation_runs")
        with pytest.raises(DatabaseUnavailable, match="is locked by someone else just now"), pooled.change() as mine:
            mine.execute(text("LOCK TABLE operation_runs"))


def test_clients_take_turns_in_one_session(bouncer, pooled, postgres_url, open_database):
    """Many threads of two processes' worth of connections, each checking that its own settings hold."""
    settings = {"Aurora": IMPATIENT, "Borealis": Settings(statement_timeout=timedelta(seconds=9))}
    databases = {name: open_database(bouncer.through(postgres_url), one) for name, one in settings.items()}
    failed: list[object] = []
    sessions = set()

    def work(name: str) -> None:
        wanted = f"{settings[name].statement_timeout.seconds}s"
        for number in range(40):
            statement = "SELECT CAST(:number AS int), pg_backend_pid(), current_setting('statement_timeout')"
            ((found, session, timeout),) = databases[name].fetch(text(statement), {"number": number})
            sessions.add(session)
            if (found, timeout) != (number, wanted):
                failed.append((name, number, found, timeout))

    threads = [threading.Thread(target=work, args=(name,)) for name in databases for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(sessions) == 1


def test_files_are_loaded_and_the_doctor_finds_nothing(pooled, tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("workspace,type,status,outcome,created_at,context\n"
                    'Aurora,inventory.sync,completed,failed,2026-11-23 10:00:00Z,"{""a"": 1}"\n')  # fmt: skip
    address = pooled.url.render_as_string(hide_password=False)
    loaded = CliRunner().invoke(main, ["load", str(file), "--database", address], env={"OPSNB_ACTOR": "Mona"})
    assert (loaded.exit_code, pooled.fetch(text("SELECT type FROM operation_runs"))) == (0, [("inventory.sync",)])
    told = CliRunner().invoke(main, ["doctor", "--database", address])
    assert told.exit_code == 0, told.output
    assert "Retry would work" in told.output


def test_a_new_database_is_made_and_filled(bouncer, postgres, open_database, ops_on):
    made = open_database(bouncer.through(postgres.create("made_through_pooler")))
    demo.prepare(made, NOW)
    assert ops_on(made, "ada@contoso.example").failures().rows
    made.close()
    postgres.drop("made_through_pooler")


def test_a_server_gets_ready(pooled, tmp_path: Path):
    add_people(pooled)
    add_run(pooled)
    source = "import opsnb; print('found', len(opsnb.connect().runs().rows))"
    notebooks = write_notebooks(tmp_path / "notebooks", runs=source)
    address = pooled.url.render_as_string(hide_password=False)
    env = {"OPSNB_DATABASE_URL": address, "OPSNB_ACTOR": MANAGER}
    with serving_notebooks(tmp_path, notebooks, env, database=address) as server:
        assert server.get("/readyz")[0] == 200
        status, shown, _ = server.get("/system/ops/runs")
        assert (status, "found 1" in shown) == (200, True), server.log


def test_statements_are_prepared_where_the_address_asks_for_it(postgres_url, open_database):
    held = text("SELECT count(*) FROM pg_prepared_statements")
    for threshold, prepared in (("", False), ("&prepare_threshold=none", False), ("&prepare_threshold=0", True)):
        database = open_database(postgres_url + threshold)
        with database.look() as connection:  # in one transaction: the driver forgets its statements at each ROLLBACK
            counts = [connection.execute(held).scalar_one() for _ in range(10)]
        assert bool(counts[-1]) is prepared


def test_the_login_of_the_pooler_says_who_acts(gate_server, gated, open_database, ops_on):
    """By default PgBouncer logs in as its client does; with a user of its own it makes all of them one person."""
    with pooler(gate_server, (OPERATOR, VIEWER)) as running:
        for login, may in ((OPERATOR, True), (VIEWER, False)):
            ops = ops_on(open_database(running.url(gated, login)), "olga")
            assert (ops.actor.login, ops.can(MANAGE)) == (login, may)
            ops.database.close()
