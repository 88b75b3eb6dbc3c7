"""How long an import takes, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most

TITLE = "importing, in a process of its own"
_EMPTY = "pass"
_FLOOR = "import sqlalchemy, anywidget"
_OPSNB = "import opsnb"
_CONSOLE = "import opsnb.widgets.console"


def run(bench: Bench) -> Iterator[Row]:  # noqa: ARG001 - it needs no history
    """Measure."""
    asked = {"empty": _EMPTY, "floor": _FLOOR, "opsnb": _OPSNB, "console": _CONSOLE}
    took = interleave({name: _process(code) for name, code in asked.items()}, seconds=30, least=15, most=25)
    yield Row("opsnb", _OPSNB, took["opsnb"], _FLOOR, took["floor"], at_most(1.15))
    yield Row("console", _CONSOLE, took["console"], _FLOOR, took["floor"])
    yield Row("floor", _FLOOR, took["floor"], "Python alone", took["empty"])


def _process(code: str) -> Callable[[], None]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True).check_returncode()
