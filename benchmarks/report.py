"""Make the tables and plots of docs/performance.md out of kept results.

``python -m benchmarks.report`` takes the newest results of each subject in the cache at the largest size they were
measured at, keeps them in ``benchmarks/results``, and writes what stands between the marks in docs/performance.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.cache import CLONE, folder
from benchmarks.history import SIZES
from benchmarks.plots import plot
from benchmarks.rows import Row
from benchmarks.tables import cells, say

KEPT = CLONE / "benchmarks" / "results"
PAGE = CLONE / "docs" / "performance.md"
IMAGES = CLONE / "docs" / "images"
ORDER = ("lists", "deep", "filters", "counts", "detail", "overview", "triage", "load", "imports", "peers")
_BETWEEN = re.compile(r"(<!-- results: made by make bench-report -->\n).*(<!-- end of results -->)", re.DOTALL)


def main() -> int:
    """Write; 1 where there is nothing to write."""
    _keep()
    told = [results.read(path) for path in sorted(KEPT.glob("*.json"), key=_place)]
    if not told:
        say("There are no results; run make bench first.")
        return 1
    IMAGES.mkdir(exist_ok=True)
    parts = [_machine(told[0][0]), *(_section(about, rows) for about, rows in told)]
    PAGE.write_text(_BETWEEN.sub(lambda marks: marks[1] + "\n".join(parts) + marks[2], PAGE.read_text()))
    say(f"{PAGE} tells {len(told)} subjects.")
    return 0


def _keep() -> None:
    """Bring the largest results of each subject here."""
    found: dict[str, tuple[int, Path]] = {}
    for path in folder("results").glob("*.json"):
        subject, size, _ = path.name.split(".")
        found[subject] = max(found.get(subject, (0, path)), (SIZES[size], path))
    KEPT.mkdir(exist_ok=True)
    for subject, (_, path) in found.items():
        (KEPT / f"{subject}.json").write_text(path.read_text())


def _place(path: Path) -> tuple[int, str]:
    return (ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem)


def _machine(about: dict[str, Any]) -> str:
    machine, versions = about["machine"], about["versions"]
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Measured on {machine['when']} on {machine['cores']} cores ({machine['processor']}) with"
        f" {machine['memory_gb']} GB, {machine['system']}: {names}.\n"
    )


def _section(about: dict[str, Any], rows: list[Row]) -> str:
    subject = about["subject"]
    image = IMAGES / f"bench-{subject}.svg"
    image.write_text(plot(about["title"], [row for row in rows if row.bar]))
    load = about["machine"]["load"]
    return "\n".join(
        [f"### {subject}: {about['title']}", "", f"{SIZES[about['size']]:,} runs; load of the machine {load}.", "",
         f"![{about['title']}](images/{image.name})", "", *_table(rows), ""]
    )  # fmt: skip


def _table(rows: list[Row]) -> Iterator[str]:
    yield "| row | what | median | against | median | ratio | bar | |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        yield f"| `{row.key}` | {' | '.join(cell.replace('|', '/') for cell in cells(row))} |"


if __name__ == "__main__":
    sys.exit(main())
