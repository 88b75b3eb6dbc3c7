"""The capped count of a list against a raw page of it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import raw
from benchmarks.bench import KINDS, Bench
from benchmarks.history import COMMON
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from benchmarks.subjects.lists import floor
from opsnb.links import Page
from opsnb.ops import Ops

TITLE = "count of a list, exact up to 10,000"
_FILTERED = {"common type": {"type": COMMON["type"]}, "common tenant": {"tenant": COMMON["tenant"]}}
_COLUMNS = {"type": "type", "tenant": "tenant_id"}


def run(bench: Bench) -> Iterator[Row]:
    """Measure; the raw count stops at the same cap."""
    for kind in KINDS:
        yield from _on(kind, bench.ops(kind))


def _on(kind: str, ops: Ops) -> Iterator[Row]:
    page = raw.pooled(ops, floor(ops, kind, "runs"))
    for name in ("runs", "failures", "stuck"):
        where = {"runs": "true", "failures": raw.FAILED, "stuck": raw.stuck(ops)}[name]
        count = raw.pooled(ops, raw.count(where))
        took = interleave({"opsnb": lambda name=name: ops.count(Page(name)), "raw": count, "page": page})
        yield Row(f"{kind}.{name}.page", f"{kind} {name}", took["opsnb"], "a raw page", took["page"], at_most(2))
        yield Row(f"{kind}.{name}.raw", f"{kind} {name}", took["opsnb"], "the same count, raw", took["raw"])
    for what, wanted in _FILTERED.items():
        ((column, value),) = wanted.items()
        count = raw.pooled(ops, raw.count(f"r.{_COLUMNS[column]} = '{value}'"))
        took = interleave({"opsnb": lambda wanted=wanted: ops.count(**wanted), "raw": count, "page": page})
        key = what.replace(" ", "-")
        yield Row(f"{kind}.{key}.page", f"{kind} {what}", took["opsnb"], "a raw page", took["page"], at_most(2))
        yield Row(f"{kind}.{key}.raw", f"{kind} {what}", took["opsnb"], "the same count, raw", took["raw"])
