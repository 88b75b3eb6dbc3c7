"""Databases for every test: SQLite and PostgreSQL, both real, both empty at the start."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis
from sqlalchemy import event, make_url

from opsnb import schema
from opsnb.database import Database, embedded_path
from opsnb.ops import Ops
from opsnb.settings import Settings
from support.gate import make, staff
from support.history import NOW, VIEWER, add_people
from support.isolation import isolate
from support.postgres import VERSIONS, PostgresServer, server
from support.serving import logs

_numbers = count(1)
isolate()
hypothesis.register_profile("opsnb", deadline=None)  # the first example of a test may start a server
hypothesis.load_profile("opsnb")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("OPSNB_") and not name.startswith("OPSNB_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_embedded_database() -> Iterator[None]:
    """Fail a test that makes the embedded database: another one would find it."""
    yield
    left = embedded_path()
    assert not left.exists(), f"The test made the embedded database {left}; name one with --database."


@pytest.fixture(autouse=True)
def _no_event_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take away the event loop that browser tests leave behind, which stands still: what waits for it never ends."""
    if request.node.get_closest_marker("browser"):
        yield
        return
    left = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(left)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from support.scheduling import FilesTogether  # pytest-xdist is loaded only where it is used

    return FilesTogether(config, log)


def pytest_report_header() -> str:
    return f"PostgreSQL {' and '.join(VERSIONS)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[pytest.TestReport]:
    """Show with a failing test what the servers that it may have asked wrote into their logs."""
    report: pytest.TestReport = yield
    if report.failed:
        report.sections += [(f"end of the log of the server at {root}", text) for root, text in logs()]
    return report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on the newest PostgreSQL, and those marked `every_postgres` on the others too."""
    versions = VERSIONS if metafunc.definition.get_closest_marker("every_postgres") else VERSIONS[:1]
    if "database" in metafunc.fixturenames:
        kinds = {"sqlite": None} | {f"postgresql-{version}": version for version in versions}
        metafunc.parametrize("database", kinds.values(), ids=kinds.keys(), indirect=True)
    if "postgres" in metafunc.fixturenames:
        metafunc.parametrize("postgres", versions, indirect=True, scope="session")


@pytest.fixture(scope="session")
def postgres_of() -> Iterator[Callable[[str], PostgresServer]]:
    """Give the running server of a version, with a database `opsnb_template` that holds schema and indexes."""
    with ExitStack() as stack:

        @cache
        def start(version: str) -> PostgresServer:
            running = stack.enter_context(server(version))
            made = Database(running.create("opsnb_template"), Settings())
            schema.init(made)
            made.close()
            return running

        yield start


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest, postgres_of: Callable[[str], PostgresServer]) -> PostgresServer:
    """A running PostgreSQL server; of the newest version where a test asks for it while it runs."""
    return postgres_of(getattr(request, "param", VERSIONS[0]))


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


@contextmanager
def _copied(running: PostgresServer, template: str = "opsnb_template") -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    yield running.create(name, template)
    running.drop(name)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Address of a PostgreSQL database with schema and indexes and no runs."""
    with _copied(postgres) as url:
        yield url


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


@pytest.fixture(scope="module")
def contents() -> Callable[[Database], None] | None:
    """Fill a database: in a module with a fixture of this name, `database` holds that at the start of every test."""
    return None


@pytest.fixture(scope="module")
def template_of(
    request: pytest.FixtureRequest, contents: Callable[[Database], None] | None, sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str | None], str]]:  # fmt: skip
    """Give what `database` is a copy of: the path of a file, or the name of a database in a version of PostgreSQL."""

    def fill(url: str) -> None:
        made = Database(url, Settings())
        contents(made)
        made.close()

    with ExitStack() as stack:

        @cache
        def make(version: str | None) -> str:
            if contents is None:
                return str(sqlite_template) if version is None else "opsnb_template"
            if version is None:
                path = str(shutil.copy(sqlite_template, tmp_path_factory.mktemp("filled") / "runs.db"))
                fill(path)
                return path
            url = stack.enter_context(_copied(request.getfixturevalue("postgres_of")(version)))
            fill(url)
            return make_url(url).database

        yield make


@pytest.fixture
def database(
    request: pytest.FixtureRequest, template_of: Callable[[str | None], str], open_database: Callable[..., Database]
) -> Iterator[Database]:  # fmt: skip
    """A database with schema and indexes, empty or with the `contents` of its module.

    It is there once on SQLite, and once on each PostgreSQL that the test is run on.
    """
    template = template_of(request.param)
    if request.param is None:
        yield open_database(str(shutil.copy(template, request.getfixturevalue("sqlite_url"))))
    else:
        with _copied(request.getfixturevalue("postgres_of")(request.param), template) as url:
            yield open_database(url)


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


@pytest.fixture(scope="session", params=VERSIONS)
def gate_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """PostgreSQL of each version, with logins and a template database that the gate stands in."""
    with server(request.param) as running:
        staff(running)
        yield running


@pytest.fixture
def gated(gate_server: PostgresServer) -> Iterator[str]:
    """Name of a database of its own with the gate, people and runs."""
    name = make(gate_server, f"gate_{next(_numbers)}")
    yield name
    gate_server.drop(name)
