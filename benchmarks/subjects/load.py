"""`opsnb load` of a file of JSON lines against the database's own bulk load of the same rows, into the same schema."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psycopg

from benchmarks import databases
from benchmarks.bench import KINDS, Bench
from benchmarks.cache import folder
from benchmarks.history import places
from benchmarks.rows import Row, at_least, at_most
from opsnb.database import Database
from opsnb.load import load
from opsnb.settings import Settings

TITLE = "loading a file of JSON lines"
ROWS, FEW, ROUNDS = 30_000, 10_000, 9
_NAMES = ("id", "workspace_id", "tenant_id", "initiator_name", "type", "status", "outcome", "context", "created_at",
          "started_at", "completed_at")  # fmt: skip
_COLUMNS = ", ".join(_NAMES)
Given = list[tuple[Any, ...]]


def run(bench: Bench) -> Iterator[Row]:
    """Measure rows a second, and how much more memory three times the rows take."""
    given = _rows(databases.path("100k" if "100k" in bench.sizes else "10k"))
    many, few = _file("many.jsonl", given), _file("few.jsonl", given[: len(given) // 3])
    for kind in KINDS:
        raw: Callable[[str], None] = partial(_copy if kind == "postgresql" else _executemany, given)
        rates: dict[str, list[float]] = {"opsnb": [], "raw": []}
        for _ in range(ROUNDS):
            rates["opsnb"].append(len(given) / _took(lambda address: _load(address, many), _empty(bench, kind)))
            rates["raw"].append(len(given) / _took(raw, _empty(bench, kind)))
        name = "COPY" if kind == "postgresql" else "executemany"
        yield Row(f"{kind}.rate", f"{kind} opsnb load, {len(given):,} rows", median(rates["opsnb"]), name,
                  median(rates["raw"]), at_least(0.5), unit="rows/s")  # fmt: skip
        most, less = (_peak(path, _empty(bench, kind)) for path in (many, few))
        yield Row(f"{kind}.memory", f"{kind} memory at most, {len(given):,} rows", most, "a third of the rows", less,
                  at_most(1.1), unit="MB")  # fmt: skip


def _rows(path: Path) -> Given:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {_COLUMNS} FROM operation_runs ORDER BY id LIMIT {ROWS}").fetchall()


def _file(name: str, given: Given) -> Path:
    workspaces, tenants = (dict(named) for named in (places()[0], ((n, name) for n, _, name in places()[1])))
    path = folder("load") / name
    with path.open("w") as file:
        for row in given:
            fields = dict(zip(_NAMES, row, strict=True))
            fields["workspace"], fields["tenant"] = workspaces[fields.pop("workspace_id")], tenants.get(row[2])
            del fields["tenant_id"]
            file.write(json.dumps({**fields, "context": json.loads(fields["context"])}) + "\n")
    return path


def _empty(bench: Bench, kind: str) -> str:
    """Make a database that holds the places, and no run."""
    if kind == "sqlite":
        place = folder("sqlite") / "load.db"
        databases.unlink(place)
        address = str(place)
    else:
        databases.new(bench.cluster, "bench_load")
        address = bench.cluster.url("bench_load")
    databases.init(address)
    if address.startswith("postgresql"):
        with psycopg.connect(_dsn(address)) as connection:
            databases.add_places(connection.cursor(), "%s")
            for table in ("workspaces", "tenants"):
                connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    else:
        with closing(sqlite3.connect(address)) as connection, connection:
            databases.add_places(connection.cursor(), "?")
    return address


def _dsn(address: str) -> str:
    return address.replace("+psycopg", "")


def _took(use: Callable[[str], None], address: str) -> float:
    start = perf_counter()
    use(address)
    return perf_counter() - start


def _load(address: str, path: Path) -> None:
    database = Database(address, Settings())
    load(database, path)
    database.close()


def _copy(given: Given, address: str) -> None:
    text = f"COPY operation_runs ({_COLUMNS}) FROM STDIN"
    with psycopg.connect(_dsn(address)) as connection, connection.cursor() as cursor, cursor.copy(text) as copy:
        for row in given:
            copy.write_row(row)


def _executemany(given: Given, address: str) -> None:
    with closing(sqlite3.connect(address)) as connection, connection:
        marks = ", ".join("?" * len(_NAMES))
        connection.executemany(f"INSERT INTO operation_runs ({_COLUMNS}) VALUES ({marks})", given)


def _peak(path: Path, address: str) -> float:
    """Tell the most memory that a process of its own took; what `getrusage` tells includes that of its parent."""
    code = (
        "import sys; from pathlib import Path; from benchmarks.subjects.load import _load;"
        "_load(sys.argv[1], Path(sys.argv[2])); print(Path('/proc/self/status').read_text())"
    )
    done = subprocess.run([sys.executable, "-c", code, address, path], check=True, capture_output=True, text=True)
    told = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    return int(told["VmHWM"].split()[0]) / 1024
