"""The first page of each list, as records, against the raw driver."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import KINDS, Bench
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most

TITLE = "first page of each list, 50 rows, mapped to records"


def run(bench: Bench) -> Iterator[Row]:
    """Measure."""
    for kind in KINDS:
        small, large = bench.ops(kind, "10k"), bench.ops(kind)
        for page in ("runs", "failures", "stuck"):
            took = interleave({"small": getattr(small, page), "large": getattr(large, page)})
            yield Row(f"{kind}.{page}.growth", f"{kind} {page}", took["large"], "10k", took["small"], at_most(1.2))
