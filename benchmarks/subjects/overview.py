"""What the panels above a list show: activity by hour or day, and failures in groups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from benchmarks import raw
from benchmarks.bench import KINDS, Bench
from benchmarks.history import NOW, VIEWER
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from opsnb.ops import Ops

TITLE = "activity and failure groups"
_HOUR = {"sqlite": "substr(r.created_at, 1, 13)", "postgresql": "date_trunc('hour', r.created_at)"}
_DAY = {"sqlite": "substr(r.created_at, 1, 10)", "postgresql": "date_trunc('day', r.created_at)"}


def _without_numbers() -> str:
    """Write the error's text with each number as 0: SQLite knows no regular expressions, but replaces text by text."""
    text = raw.ERROR["sqlite"]
    for digit in "123456789":
        text = f"replace({text}, '{digit}', '0')"
    for length in (8, 4, 2, 2):
        text = f"replace({text}, '{'0' * length}', '0')"
    return text


_ALIKE = {
    "sqlite": _without_numbers(),
    "postgresql": f"regexp_replace({raw.ERROR['postgresql']}, '[0-9]+', '<n>', 'g')",
}


def run(bench: Bench) -> Iterator[Row]:
    """Measure over a day and over a week."""
    for kind in KINDS:
        ops = bench.ops(kind)
        for span, days in (("24h", 1), ("7d", 7)):
            since = f"r.created_at >= '{NOW - timedelta(days=days):%Y-%m-%d %H:%M:%S}'"
            yield from _activity(kind, ops, span, since)
            yield from _groups(kind, ops, span, f"{since} AND {raw.FAILED}")


def _activity(kind: str, ops: Ops, span: str, since: str) -> Iterator[Row]:
    bucket = (_HOUR if span == "24h" else _DAY)[kind]
    for page, where in (("runs", since), ("failures", f"{since} AND {raw.FAILED}")):
        text = f"SELECT {bucket}, r.status, r.outcome, count(*) FROM operation_runs r WHERE {where} GROUP BY 1, 2, 3"
        ask = partial(ops.activity, page, since=span)
        took = interleave({"opsnb": ask, "raw": raw.pooled(ops, text)}, seconds=3, least=5)
        yield Row(f"{kind}.activity.{page}.{span}", f"{kind} activity of {page}, {span}", took["opsnb"],
                  "best raw SQL", took["raw"], at_most(1.5))  # fmt: skip


def _groups(kind: str, ops: Ops, span: str, where: str) -> Iterator[Row]:
    read = (
        f"SELECT r.created_at, r.id, r.type, r.tenant_id, {raw.ERROR[kind]} FROM operation_runs r WHERE {where}"
        " ORDER BY r.created_at DESC, r.id DESC"
    )
    grouped = (
        f"SELECT r.type, {_ALIKE[kind]}, count(*), min(r.created_at), max(r.created_at), count(DISTINCT r.tenant_id),"
        f" max(r.id) FROM operation_runs r WHERE {where} GROUP BY 1, 2"
    )
    anew = lambda: Ops(ops.database, ops.settings, VIEWER, True, ops.now)  # noqa: E731 - knows no group yet
    asked = {"opsnb": lambda: anew().failure_groups(since=span, limit=1000),
             "known": partial(ops.failure_groups, since=span, limit=1000), "read": raw.pooled(ops, read),
             "sql": raw.pooled(ops, grouped)}  # fmt: skip
    found = asked["opsnb"]()
    assert found.oldest is not None or len(asked["sql"]()) == len(found)
    took = interleave(asked, seconds=4, least=5)
    key, what = f"{kind}.groups.{span}", f"{kind} failure groups, {span}"
    yield Row(key, what, took["opsnb"], "grouped by raw SQL", took["sql"], at_most(1.5))
    yield Row(f"{key}.known", f"{what}, known from before", took["known"], "grouped by raw SQL", took["sql"])
    yield Row(f"{key}.read", what, took["opsnb"], "texts read by raw SQL", took["read"])
