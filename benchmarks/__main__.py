"""Measure subjects, print their tables and keep their results.

``python -m benchmarks --size 1m --subject lists`` measures one of them on a history of a million runs.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import traceback
from time import perf_counter
from types import ModuleType

from benchmarks import databases, results, subjects, tables
from benchmarks.bench import Bench
from benchmarks.history import SIZES
from benchmarks.postgres import cluster


def main() -> int:
    """Run; 1 if a subject could not be measured. A bar that is missed is told and is no failure."""
    names = [module.name for module in pkgutil.iter_modules(subjects.__path__) if not module.name.startswith("_")]
    told = _told(names)
    with cluster() as running:
        bench = Bench(running, told.size)
        databases.prepare(running, bench.sizes)
        return min(1, sum(_measure(bench, name) for name in told.subject or names))


def _told(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="10m", choices=SIZES, type=str.lower, help="the largest history")
    parser.add_argument("--subject", nargs="*", choices=names, help="what to measure (default: everything)")
    return parser.parse_args()


def _measure(bench: Bench, name: str) -> bool:
    """Measure one subject; True if that failed."""
    start = perf_counter()
    try:
        module: ModuleType = importlib.import_module(f"benchmarks.subjects.{name}")
        rows = list(module.run(bench))
    except Exception:  # noqa: BLE001 - the others can still be measured
        tables.say(f"\n{name} could not be measured:\n{traceback.format_exc()}")
        return True
    finally:
        bench.close()
    results.write(name, module.TITLE, bench.size, rows, versions=results.versions(postgresql=bench.cluster.version))
    tables.show(f"{name}: {module.TITLE} ({bench.size}; {perf_counter() - start:.0f} s)", rows)
    return False


if __name__ == "__main__":
    sys.exit(main())
