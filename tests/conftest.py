"""Databases for every test: SQLite and PostgreSQL, both real, both empty at the start."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis
from sqlalchemy import event

from opsnb import schema
from opsnb.database import Database
from opsnb.ops import Ops
from opsnb.settings import Settings
from support.gate import make, staff
from support.history import NOW, VIEWER, add_people
from support.postgres import NEWEST_FIRST, PostgresServer, server

_numbers = count(1)
hypothesis.register_profile("opsnb", deadline=None)  # the first example of a test may start a server
hypothesis.load_profile("opsnb")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("OPSNB_") and not name.startswith("OPSNB_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server with a database `opsnb_template` that holds schema and indexes."""
    with server() as running:
        made = Database(running.create("opsnb_template"), Settings())
        schema.init(made)
        made.close()
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "runs.db"
    made = Database(str(path), Settings())
    schema.init(made)
    made.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Path of an SQLite file with schema and indexes and no runs."""
    return str(shutil.copy(sqlite_template, tmp_path / "runs.db"))


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Address of a PostgreSQL database with schema and indexes and no runs."""
    name = f"test_{next(_numbers)}"
    yield postgres.create(name, "opsnb_template")
    postgres.drop(name)


@pytest.fixture
def open_database() -> Iterator[Callable[..., Database]]:
    """Open databases by address and settings; all are closed at the end."""
    opened: list[Database] = []

    def open_one(url: str, settings: Settings | None = None) -> Database:
        database = Database(url, settings or Settings())
        opened.append(database)
        if database.is_sqlite:  # no test turns the power off; without this most of the time goes to the disk
            event.listen(database.writer, "connect", lambda made, _record: made.execute("PRAGMA synchronous = OFF"))
        return database

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, open_database: Callable[..., Database]) -> Database:
    """An empty database with schema and indexes, once on SQLite and once on PostgreSQL."""
    return open_database(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def sqlite(sqlite_url: str, open_database: Callable[..., Database]) -> Database:
    """An empty SQLite database with schema and indexes, for what only SQLite lets into its columns."""
    return open_database(sqlite_url)


@pytest.fixture
def postgresql(postgres_url: str, open_database: Callable[..., Database]) -> Database:
    """An empty PostgreSQL database with schema and indexes."""
    return open_database(postgres_url)


@pytest.fixture
def ops_on() -> Callable[..., Ops]:
    """Give an `Ops` on a database, at `NOW`, for the person named; by default one who may only view."""

    def make(database: Database, who: str | int = VIEWER, *, read_only: bool = False) -> Ops:
        return Ops(database, database.settings, who, read_only, lambda: NOW)

    return make


@pytest.fixture
def ops(database: Database, ops_on: Callable[..., Ops]) -> Ops:
    """What somebody who may only view holds, on both kinds of database, at `NOW`."""
    add_people(database)
    return ops_on(database)


@pytest.fixture(scope="session", params=NEWEST_FIRST, ids=["18", "16"])
def gate_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """PostgreSQL 18 and 16, with logins and a template database that the gate stands in."""
    with server(request.param) as running:
        staff(running)
        yield running


@pytest.fixture
def gated(gate_server: PostgresServer) -> Iterator[str]:
    """Name of a database of its own with the gate, people and runs."""
    name = make(gate_server, f"gate_{next(_numbers)}")
    yield name
    gate_server.drop(name)
