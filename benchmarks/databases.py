"""The histories in both databases: made once into the cache, with the schema and indexes of `opsnb init`."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg

from benchmarks import history
from benchmarks.cache import folder
from benchmarks.history import MANAGER, SIZES, VIEWER
from benchmarks.postgres import Cluster
from benchmarks.tables import say
from opsnb import schema
from opsnb.access import Capability
from opsnb.database import Database
from opsnb.settings import Settings

KINDS = ("sqlite", "postgresql")
_CHUNK = 500_000
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes"
    " WHERE schemaname = 'public' AND indexname !~ '_(pkey|key)$'",
}
Execute = Callable[..., Any]


def prepare(cluster: Cluster, sizes: Iterable[str]) -> None:
    """Make what is missing of these sizes, and give what is there the indexes of today's schema."""
    wanted = list(sizes)
    with ThreadPoolExecutor(2) as both:  # a core each
        for done in [both.submit(_each, cluster, kind, wanted) for kind in KINDS]:
            done.result()


def _each(cluster: Cluster, kind: str, sizes: list[str]) -> None:
    indexes = _intended(cluster, kind)
    for size in sizes:
        made = _made(kind, size)
        if made.exists() and made.read_text() == _recipe() and _there(cluster, kind, size):
            _connected(cluster, kind, size, lambda execute, kind=kind: _index(kind, execute, indexes))
            continue
        start = perf_counter()
        say(f"Making {SIZES[size]:,} runs in {kind} ...")
        made.unlink(missing_ok=True)
        {"sqlite": _make_sqlite, "postgresql": _make_postgresql}[kind](cluster, size, indexes)
        made.write_text(_recipe())
        say(f"Made {SIZES[size]:,} runs in {kind} in {perf_counter() - start:.0f} s.")


def url(cluster: Cluster, kind: str, size: str) -> str:
    """Give a history's address."""
    return str(path(size)) if kind == "sqlite" else cluster.url(name(size))


def path(size: str) -> Path:
    """Give the SQLite file of a size."""
    return folder("sqlite") / f"{size}.db"


def name(size: str) -> str:
    """Give the name of the PostgreSQL database of a size."""
    return f"bench_{size}"


def _made(kind: str, size: str) -> Path:
    return folder() / f"{kind}-{size}.made"


def _recipe() -> str:
    return hashlib.sha256(Path(history.__file__).read_bytes()).hexdigest()


def _there(cluster: Cluster, kind: str, size: str) -> bool:
    if kind == "sqlite":
        return path(size).exists()
    with psycopg.connect(cluster.dsn()) as connection:
        return bool(connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name(size)]).fetchone())


def _connected(cluster: Cluster, kind: str, size: str, use: Callable[[Execute], None]) -> None:
    if kind == "sqlite":
        with closing(sqlite3.connect(path(size), isolation_level=None)) as connection:
            connection.execute("PRAGMA cache_size = -500000")
            use(connection.execute)
    else:
        with psycopg.connect(cluster.dsn(name(size)), autocommit=True) as connection:
            use(connection.execute)


def _intended(cluster: Cluster, kind: str) -> dict[str, str]:
    """Give the indexes of `opsnb init`, as an empty database of its own has them."""
    if kind == "sqlite":
        place = folder("sqlite") / "empty.db"
        unlink(place)
        init(str(place))
        with closing(sqlite3.connect(place)) as connection:
            return dict(connection.execute(_INDEXES[kind]).fetchall())
    new(cluster, "bench_empty")
    init(cluster.url("bench_empty"))
    with psycopg.connect(cluster.dsn("bench_empty")) as connection:
        return dict(connection.execute(_INDEXES[kind]).fetchall())


def init(address: str) -> None:
    """Do what `opsnb init` does."""
    database = Database(address, Settings())
    schema.init(database)
    database.close()


def new(cluster: Cluster, database: str) -> None:
    """Make an empty database in place of what has its name."""
    cluster.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    cluster.execute(f"CREATE DATABASE {database}")


def _index(kind: str, execute: Execute, indexes: dict[str, str]) -> None:
    found = dict(execute(_INDEXES[kind]).fetchall())
    changed = [index for index in {*found, *indexes} if found.get(index) != indexes.get(index)]
    for index in sorted(changed):
        if index in found:
            execute(f"DROP INDEX {index}")
        if index in indexes:
            execute(indexes[index])
    if changed:
        execute("ANALYZE")


def unlink(place: Path) -> None:
    """Remove an SQLite file, with what lies beside it."""
    for ending in ("", "-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)


def _make_sqlite(_cluster: Cluster, size: str, indexes: dict[str, str]) -> None:
    place, n = path(size), SIZES[size]
    unlink(place)
    init(str(place))
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
            connection.execute(f"PRAGMA {setting}").fetchall()
        _index("sqlite", connection.execute, {})
        connection.execute("BEGIN")
        _fill(connection, "?", n, "sqlite")
        connection.executemany("UPDATE operation_runs SET context = json_set(context, '$.output', ?) WHERE id = ?",
                               ((text, number) for number, text in history.large(n)))  # fmt: skip
        connection.execute("COMMIT")
        _index("sqlite", connection.execute, indexes)
        connection.execute("PRAGMA journal_mode = WAL")


def _make_postgresql(cluster: Cluster, size: str, indexes: dict[str, str]) -> None:
    n = SIZES[size]
    new(cluster, name(size))
    init(cluster.url(name(size)))
    with psycopg.connect(cluster.dsn(name(size)), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # no look-up of foreign keys for every row
        connection.execute("SET jit = off")
        _index("postgresql", connection.execute, {})
        _fill(connection.cursor(), "%s", n, "postgresql")
        _enlarge(connection, n)
        connection.execute("SELECT setval(pg_get_serial_sequence('operation_runs', 'id'), %s)", [n])
        connection.execute("VACUUM")
        _index("postgresql", connection.execute, indexes)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _enlarge(connection: psycopg.Connection[Any], n: int) -> None:
    change = "UPDATE operation_runs SET context = context || jsonb_build_object('output', %s::text) WHERE id = %s"
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(change, ((text, number) for number, text in history.large(n)))


def _fill(cursor: Any, mark: str, n: int, kind: str) -> None:
    add_places(cursor, mark)
    people = (
        f"INSERT INTO platform_users (name, email, capabilities, is_active, login) VALUES ({', '.join([mark] * 5)})"
    )
    cursor.executemany(people, _people())
    for first in _chunks(n):
        cursor.execute(history.insert(kind, n, first, min(n, first + _CHUNK - 1)))


def add_places(cursor: Any, mark: str) -> None:
    """Add workspaces and tenants."""
    workspaces, tenants = history.places()
    cursor.executemany(f"INSERT INTO workspaces (id, name) VALUES ({mark}, {mark})", workspaces)
    cursor.executemany(f"INSERT INTO tenants (id, workspace_id, name) VALUES ({mark}, {mark}, {mark})", tenants)


def _chunks(n: int) -> Iterator[int]:
    return iter(range(1, n + 1, _CHUNK))


def _people() -> list[tuple[Any, ...]]:
    may = [Capability.ACCESS.value, Capability.VIEW.value]
    return [("Vera", VIEWER, json.dumps(may), True, "vera"),
            ("Mona", MANAGER, json.dumps([*may, Capability.MANAGE.value]), True, "mona")]  # fmt: skip
