"""Each act, uncontended, against the same statements by the raw driver in one transaction."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

import opsnb
from benchmarks import databases, raw
from benchmarks.bench import KINDS, Bench
from benchmarks.cache import folder
from benchmarks.history import MANAGER, NOW, SIZES, TYPES
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from opsnb.engines import OPENS_TRANSACTION
from opsnb.ops import Ops
from opsnb.settings import Settings

TITLE = "acts of triage, uncontended"
REASON = "known, ticket OPS-1"
Sent = list[tuple[str, str, Any]]
_SETTINGS = Settings(types={name: {"retryable": True, "cancelable": True} for name in TYPES})


def run(bench: Bench) -> Iterator[Row]:
    """Measure on a copy of a history of at most a million runs, since acts change it."""
    size = bench.size if SIZES[bench.size] <= SIZES["1m"] else "1m"
    for kind in KINDS:
        with _copy(bench, kind, size) as address:
            ops = opsnb.connect(address, actor=MANAGER, now=NOW, settings=_SETTINGS)
            for act in ("retry", "cancel", "mark_investigated"):
                yield from _act(kind, ops, act)
            ops.close()


@contextmanager
def _copy(bench: Bench, kind: str, size: str) -> Iterator[str]:
    if kind == "sqlite":
        path = folder("sqlite") / "acts.db"
        shutil.copy(databases.path(size), path)
        try:
            yield str(path)
        finally:
            for ending in ("", "-wal", "-shm"):
                Path(f"{path}{ending}").unlink(missing_ok=True)
        return
    name, cluster = "bench_acts", bench.cluster
    cluster.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE {databases.name(size)} STRATEGY file_copy")
    try:
        yield cluster.url(name)
    finally:
        cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _act(kind: str, ops: Ops, act: str) -> Iterator[Row]:
    numbers = iter(_suitable(ops, kind, act))
    do = partial(ops.mark_investigated, reason=REASON) if act == "mark_investigated" else getattr(ops, act)
    do(next(numbers))  # what is asked once, such as which indexes there are, is known from here on
    sample = next(numbers)
    sent = _sent(ops, lambda: do(sample))
    replay = _replay(kind, ops, sent, sample, numbers)
    took = interleave({"opsnb": lambda: do(next(numbers)), "raw": replay}, seconds=4, most=120)
    bar = at_most(1.5) if kind == "postgresql" else None
    note = f"{len(sent)} statements"
    yield Row(f"{kind}.{act}", f"{kind} {act}", took["opsnb"], "the same statements, raw", took["raw"], bar, note=note)


def _suitable(ops: Ops, kind: str, act: str) -> list[int]:
    """Give the numbers of runs that the act may be done on."""
    live = "r.status IN ('queued', 'running')"
    retried = raw.pooled(ops, f"SELECT {raw.RETRY_OF[kind].format('r.')} FROM operation_runs r WHERE {live}")()
    where = live if act == "cancel" else f"{raw.FAILED} AND {raw.INVESTIGATED[kind]} IS NULL"
    found = raw.pooled(ops, f"SELECT r.id FROM operation_runs r WHERE {where} ORDER BY r.id DESC LIMIT 2000")()
    return [number for (number,) in found if (str(number),) not in retried]


def _sent(ops: Ops, do: Callable[[], Any]) -> Sent:
    """Record what an act sends, and through which engine."""
    found: list[Any] = []
    engines = {"change": ops.database.writer, "look": ops.database.reader}
    notes = {}
    for name, engine in engines.items():
        notes[name] = lambda _c, _k, text, values, context, _m, name=name: found.append((name, text, values, context))
        event.listen(engine, "before_cursor_execute", notes[name])
    do()
    for name, engine in engines.items():
        event.remove(engine, "before_cursor_execute", notes[name])
    return [tuple(one) for *one, context in found if not context.execution_options.get(OPENS_TRANSACTION)]


def _replay(kind: str, ops: Ops, sent: Sent, sample: int, numbers: Iterator[int]) -> Callable[[], None]:
    """Send the same about another run: those that change in one transaction, those that look afterwards."""
    writer, reader = _driver(kind, ops), _driver(kind, ops)
    if kind == "postgresql":
        reader.autocommit = True

    def replay() -> None:
        number = next(numbers)
        cursor = writer.cursor()
        if kind == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        for _, text, values in (one for one in sent if one[0] == "change"):
            cursor.execute(text, _about(values, sample, number))
            if cursor.description:
                cursor.fetchall()
        writer.commit()
        looking = reader.cursor()
        for _, text, values in (one for one in sent if one[0] == "look"):
            looking.execute(text, _about(values, sample, number)).fetchall()

    return replay


def _driver(kind: str, ops: Ops) -> Any:
    if kind == "sqlite":
        return sqlite3.connect(str(ops.database.url.database), isolation_level=None)
    query = ops.database.url.query
    return psycopg.connect(host=query["host"], user="postgres", dbname=ops.database.url.database)


def _about(values: Any, sample: int, number: int) -> Any:
    """Put another run's number wherever the recorded one stands."""

    def other(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(str(sample), str(number)) if str(sample) in value else value
        return number if value == sample and type(value) is int else value

    if isinstance(values, dict):
        return {name: other(value) for name, value in values.items()}
    return tuple(other(value) for value in values)
