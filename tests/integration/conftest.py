"""Databases that others made."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from importlib.resources import as_file, files
from itertools import count
from pathlib import Path

import pytest

from opsnb.database import Database
from opsnb.load.loading import load
from opsnb.load.mapfile import find_map
from opsnb.models import as_utc
from opsnb.ops import Ops
from opsnb.settings import Settings
from support.foreign import SETTINGS, fill, history, iso, people, run_script
from support.history import VIEWER, add_people, execute
from support.postgres import PostgresServer

_numbers = count(1)


@pytest.fixture
def own(postgresql: Database) -> Database:
    """opsnb's own tables, with the history that the others have too."""
    fill(postgresql, history())
    return postgresql


@pytest.fixture
def own_sqlite(sqlite: Database) -> Database:
    execute(sqlite, "DELETE FROM platform_users")  # whoever made the file is the first of them
    fill(sqlite, history(), lambda when: when.astimezone(UTC).replace(tzinfo=None).isoformat(" "))
    return sqlite


@pytest.fixture
def foreign(
    postgres: PostgresServer, tmp_path: Path, open_database: Callable[..., Database]
) -> Iterator[Callable[..., Database]]:
    """Make a database of a kind: a script of `support.foreign`, filled with the history or with people alone."""
    made = []

    def make(kind: str, *, everything: bool = True) -> Database:
        database = open_database(_empty(kind), SETTINGS.get(kind, Settings()))
        run_script(database, kind)
        fill(database, history() if everything else people(), iso if kind == "sqlite" else lambda when: when)
        return database

    def _empty(kind: str) -> str:
        if kind == "sqlite":
            (tmp_path / "foreign.db").touch()
            return str(tmp_path / "foreign.db")
        made.append(f"foreign_{next(_numbers)}")
        return postgres.create(made[-1])

    yield make
    for name in made:
        postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def ci(database: Database) -> Ops:
    """The shipped excerpt of a real history, and who looks at it a day before its end."""
    add_people(database)
    with as_file(files("opsnb.demo") / "bitcoin-core-ci.jsonl.gz") as path:
        load(database, path, find_map("bitcoin-core-ci"))
    with database.look() as connection:
        newest = as_utc(connection.exec_driver_sql("SELECT max(created_at) FROM operation_runs").scalar())
    return Ops(database, database.settings, VIEWER, False, lambda: newest - timedelta(days=1))
