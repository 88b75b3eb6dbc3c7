"""A page deep in the history against the first one: by cursor, and by OFFSET for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from benchmarks import raw
from benchmarks.bench import KINDS, Bench
from benchmarks.history import SIZES
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from opsnb.queries import cursors

TITLE = "a page deep in the history"
_KEY = "SELECT created_at, id FROM operation_runs r WHERE {} ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET {}"


def run(bench: Bench) -> Iterator[Row]:
    """Measure a million rows deep, or a tenth of the history where it is shorter."""
    depth = min(1_000_000, SIZES[bench.size] // 10)
    for kind in KINDS:
        ops = bench.ops(kind)
        for page, where in (("runs", "true"), ("failures", raw.FAILED)):
            start = perf_counter()
            (key,) = raw.pooled(ops, _KEY.format(where, depth))()
            offset = (perf_counter() - start) * 1000
            cursor = cursors.write(cursors.Key(*key))
            ask = getattr(ops, page)
            took = interleave({"first": ask, "after": lambda ask=ask, cursor=cursor: ask(after=cursor),
                               "before": lambda ask=ask, cursor=cursor: ask(before=cursor)}, seconds=2)  # fmt: skip
            for way in ("after", "before"):
                yield Row(f"{kind}.{page}.{way}", f"{kind} {page}, {way} row {depth:,}", took[way], "first page",
                          took["first"], at_most(1.2))  # fmt: skip
            yield Row(f"{kind}.{page}.offset", f"{kind} {page}, raw OFFSET {depth:,}, once", offset, "opsnb by cursor",
                      took["after"])  # fmt: skip
