"""The newest 50 runs as a page, against what people would use instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from benchmarks.bench import KINDS, Bench
from benchmarks.history import SIZES
from benchmarks.measure import interleave
from benchmarks.peers import datasette, djangoadmin, flask_admin, pandas_itables, sqladmin
from benchmarks.rows import Row, at_least
from opsnb.links import Links
from opsnb.ops import Ops
from opsnb.queries import html
from opsnb.widgets.words import row

TITLE = "the newest 50 runs as a page, against what people would use instead"
ABOUT = """Times are from asking until the HTML is there, within one process. opsnb's is the
table that `ops.runs()` shows in a notebook; for its console it sends the browser every row as data, of which that makes
the table."""
BARS = {"Django admin": 200, "Flask-Admin": 130, "sqladmin": 200, "Datasette": 30}
SMALL = 5
Ask = Callable[[], str]


def run(bench: Bench) -> Iterator[Row]:
    """Measure at the smallest and at the largest size."""
    sizes = list(dict.fromkeys(("10k", bench.size)))
    djangoadmin.start({f"{kind}_{size}": bench.url(kind, size) for kind in KINDS for size in sizes})
    for size in sizes:
        for kind in KINDS:
            yield from _rows(bench, kind, size)


def _rows(bench: Bench, kind: str, size: str) -> Iterator[Row]:
    ops = bench.ops(kind, size)
    own = {"opsnb": _opsnb(ops), "opsnb, for its console": _state(ops)}
    asked = {**own, **_peers(bench.url(kind, size), kind, size)}
    for name, ask in asked.items():
        _check(name, ask(), SIZES[size])
    took = interleave(asked, seconds=5, least=4, warm=0)  # each has been asked once
    for name in list(took)[1:]:
        bar = SMALL if size == "10k" else BARS.get(name)
        key = f"{kind}.{size}.{re.sub('[^a-z]+', '-', name.lower())}"
        yield Row(key, f"{name}, {kind} {size}", took[name], "opsnb", took["opsnb"],
                  at_least(bar) if bar and name in BARS and size in ("10k", "10m") else None)  # fmt: skip


def _opsnb(ops: Ops) -> Ask:
    return lambda: html.table(ops.runs().rows, "Operations")


def _state(ops: Ops) -> Ask:
    where = Links("")

    def ask() -> str:
        page = ops.runs()
        return json.dumps([row(record, where, page.as_of, ops.masker.line) for record in page.rows])

    return ask


def _peers(address: str, kind: str, size: str) -> dict[str, Ask]:
    asked = {
        "Django admin": djangoadmin.page(f"{kind}_{size}"),
        "Django admin, one count": djangoadmin.page(f"{kind}_{size}", counted=False),
        "Flask-Admin": flask_admin.page(address),
        "Flask-Admin, no count": flask_admin.page(address, counted=False),
        "sqladmin": sqladmin.page(address),
        "read_sql and itables": pandas_itables.page(address),
    }
    return asked | ({"Datasette": datasette.page(address)} if kind == "sqlite" else {})


def _check(name: str, text: str, newest: int) -> None:
    missing = [number for number in range(newest, newest - 50, -1) if f"{number}" not in text]
    if missing:
        raise AssertionError(f"{name} does not show {missing[:3]}: {text[:300]}")
