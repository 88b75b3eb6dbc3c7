"""Rows as a table for the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.rows import Row

HEAD = ("", "median", "against", "median", "ratio", "bar", "")


def say(text: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def cells(row: Row) -> tuple[str, ...]:
    """Give a row as text."""
    ratio = f"{row.ratio:.2f}" if row.ratio < 100 else f"{row.ratio:,.0f}"
    return (row.what, f"{number(row.value)} {row.unit}", row.against, f"{number(row.base)} {row.unit}",
            ratio, str(row.bar or ""), row.verdict)  # fmt: skip


def number(value: float) -> str:
    """Give three digits of a number, or all of a large one."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.2g}"


def show(title: str, rows: Sequence[Row]) -> None:
    """Print a subject's table."""
    table = [HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    say(f"\n{title}\n")
    for line in table:
        texts = (text.ljust(width) if at in (0, 2, 6) else text.rjust(width)
                 for at, (text, width) in enumerate(zip(line, widths, strict=True)))  # fmt: skip
        say("  " + "  ".join(texts).rstrip())
    for row in rows:
        if row.note:
            say(f"  {row.what}: {row.note}")
