"""The first page of each list, as records, against the raw driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from benchmarks import raw
from benchmarks.bench import KINDS, Bench
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from opsnb.ops import Ops

TITLE = "first page of each list, 50 rows, mapped to records"


def run(bench: Bench) -> Iterator[Row]:
    """Measure."""
    for kind in KINDS:
        small, large = bench.ops(kind, "10k"), bench.ops(kind)
        for page in ("runs", "failures", "stuck"):
            statement = floor(large, kind, page)
            ask, pooled = getattr(large, page), raw.pooled(large, statement)
            assert [row.id for row in ask().rows] == [row[0] for row in pooled()][:50]
            took = interleave({"opsnb": ask, "pooled": pooled, "held": raw.held(bench, kind, statement),
                               "small": getattr(small, page)}, seconds=4)  # fmt: skip
            yield from _rows(f"{kind}.{page}", f"{kind} {page}", took)
        stuck = raw.pooled(large, floor(large, kind, "stuck"))
        told = interleave({"opsnb": large.stuck, "told": _told(large, stuck)}, seconds=2)
        yield Row(f"{kind}.stuck.told", f"{kind} stuck", told["opsnb"], "raw, said why by hand", told["told"])


def _told(ops: Ops, ask: Callable[[], raw.Rows]) -> Callable[[], list[Any]]:
    """Say of each row of the raw stuck list why it is there, in the shortest way that Python has."""
    now, read = ops.now(), _read if ops.database.is_sqlite else (lambda when: when)
    return lambda: [(*row, f"{row[5]} {now - read(row[8] or row[7])}, limit {row[12]} s") for row in ask()]


def _read(when: str) -> datetime:
    return datetime.fromisoformat(when + "+00:00")


def _rows(key: str, what: str, took: dict[str, float]) -> Iterator[Row]:
    yield Row(f"{key}.pooled", what, took["opsnb"], "raw driver, same pool", took["pooled"], at_most(1.5))
    yield Row(f"{key}.held", what, took["opsnb"], "raw driver, held connection", took["held"], at_most(2))
    yield Row(f"{key}.growth", what, took["opsnb"], "opsnb on 10k runs", took["small"], at_most(1.2))


def floor(ops: Ops, kind: str, page: str) -> str:
    """Write the raw page of a list, with literals throughout."""
    if page == "runs":
        return raw.page(kind)
    if page == "failures":
        return raw.page(kind, raw.FAILED, f", {raw.ERROR[kind]} AS error")
    return raw.page(kind, raw.stuck(ops), raw.reason(ops))
