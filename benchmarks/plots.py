"""Ratios as a plot: one line a row, on a logarithmic scale, with the bar that each is held to."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

from benchmarks.rows import Row

WIDTH, LEFT, LINE, TOP = 860, 400, 18, 40
_STYLE = (
    "text{font:12px sans-serif;fill:#24292f}.axis{stroke:#d0d7de}.pass{fill:#1a7f37}.MISS{fill:#bc4c00}"
    ".bar{stroke:#24292f;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#30363d}.bar{stroke:#e6edf3}}"
)


def plot(title: str, rows: Sequence[Row]) -> str:
    """Give an SVG of the rows that have a bar: green where it is met, orange where it is missed."""
    ratios = [row.ratio for row in rows] + [row.bar.number for row in rows if row.bar] + [1.0]
    low, high = log10(min(ratios) / 1.3), log10(max(ratios) * 1.3)

    def at(ratio: float) -> float:
        return LEFT + (log10(ratio) - low) / (high - low) * (WIDTH - LEFT - 60)

    height = TOP + LINE * len(rows) + 10
    lines = [_line(number, row, at(row.ratio), at(row.bar.number)) for number, row in enumerate(rows) if row.bar]
    one = f'<line class="axis" x1="{at(1):.1f}" x2="{at(1):.1f}" y1="{TOP - 12}" y2="{height - 10}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}">'
        f'<style>{_STYLE}</style><text x="0" y="16">{escape(title)}: ratio (dot) and bar (stroke)</text>{one}'
        f'<text x="{at(1):.1f}" y="{TOP - 14}" text-anchor="middle">1</text>{"".join(lines)}</svg>\n'
    )


def _line(number: int, row: Row, ratio: float, bar: float) -> str:
    y = TOP + LINE * number + 8
    what = escape(f"{row.what} / {row.against}")
    return (
        f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{what}</text>'
        f'<line class="bar" x1="{bar:.1f}" x2="{bar:.1f}" y1="{y - 7}" y2="{y + 7}"/>'
        f'<circle class="{row.verdict}" cx="{ratio:.1f}" cy="{y}" r="5"/>'
        f'<text x="{max(ratio, bar) + 9:.1f}" y="{y + 4}">{row.ratio:.2f}</text>'
    )
