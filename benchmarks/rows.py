"""What a subject gives: rows that each compare two medians of one run, with the bar that the ratio is held to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """What a ratio must be: at most `number`, or at least it where `least`."""

    number: float
    least: bool = False

    def holds(self, ratio: float) -> bool:
        """Whether a ratio passes."""
        return ratio >= self.number if self.least else ratio <= self.number

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.number:g}"


def at_most(number: float) -> Bar:
    """Give the bar of a ratio that may be no more."""
    return Bar(number)


def at_least(number: float) -> Bar:
    """Give the bar of a ratio that must be no less."""
    return Bar(number, least=True)


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    key
        What a claim refers to it by, unique within its subject: ``postgresql.10m.runs.pooled``.
    what
        What was measured, for a person.
    value
        Its median.
    against
        What it is compared with.
    base
        The median of that.
    bar
        What ``value / base`` is held to; None where the row only tells.
    unit
        Of both.
    note
        What a reader must know, such as the plan or the rows read.
    """

    key: str
    what: str
    value: float
    against: str
    base: float
    bar: Bar | None = None
    unit: str = "ms"
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times as much as what it is compared with."""
        return self.value / self.base if self.base else float("inf")

    @property
    def verdict(self) -> str:
        """Whether the bar is met; nothing where there is none."""
        return "" if self.bar is None else "pass" if self.bar.holds(self.ratio) else "MISS"
