"""What a list gives back: a page of records, and counts that stop at a cap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from opsnb.links import Page
from opsnb.queries.records import RunRow
from opsnb.text import caveat, moment

if TYPE_CHECKING:
    import pandas as pd

TITLES = {Page.RUNS: "Operations", Page.FAILURES: "Failed operations", Page.STUCK: "Stuck operations"}


class Count(int):
    """How many there are; `capped` where counting stopped at the cap, and ``str`` then ends in ``+``."""

    capped: bool

    def __new__(cls, number: int, *, cap: int) -> Count:
        """Cut `number`, counted to at most `cap` + 1, at `cap`."""
        count = super().__new__(cls, min(number, cap))
        count.capped = number > cap
        return count

    def __str__(self) -> str:
        return f"{int(self):,}" + ("+" if self.capped else "")


class Hidden(NamedTuple):
    """How many handled failures "unhandled only" leaves out, and of how many; both are capped."""

    handled: Count
    failures: Count

    def __str__(self) -> str:
        return f"{self.handled} of {self.failures}"


@dataclass
class RunPage:
    """One page of a list, newest first.

    Parameters
    ----------
    rows
        The operations.
    next, previous
        Cursors for ``after=`` (older) and ``before=`` (newer); None where the list ends.
    as_of
        What moment it shows, tz-aware UTC: when it was read, or how far the replica was that it was read from.
    behind
        How long before the present that was.
    instead
        Why it was read from the primary and not from the replica; empty where nothing is wrong.
    note
        What a reader must know of the filters, in one sentence; else empty.
    """

    page: Page
    rows: Sequence[RunRow]
    next: str | None
    previous: str | None
    as_of: datetime
    _count: Callable[[], Count] = field(repr=False)
    behind: timedelta = timedelta(0)
    instead: str = ""
    note: str = ""
    _hidden: Callable[[], Hidden] | None = field(default=None, repr=False)

    @cached_property
    def hidden(self) -> Hidden | None:
        """What "unhandled only" hides among the newest failures up to the cap, counted when first asked for.

        None where that filter is not set.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return self._hidden() if self._hidden else None

    @cached_property
    def count(self) -> Count:
        """How many operations the list holds, exact up to the cap; counted when first asked for.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return self._count()

    def to_frame(self) -> pd.DataFrame:
        """Give the rows as a DataFrame: the same columns and dtypes even when empty, times tz-aware UTC."""
        from opsnb.queries.frames import frame

        return frame(self.rows)

    def __repr__(self) -> str:
        as_of = f"{moment(self.as_of)}{caveat(self.behind, self.instead)}"
        return f"{TITLES[self.page]}: {len(self.rows)} of {self.count}, as of {as_of}"

    def _repr_html_(self) -> str:
        from opsnb.queries.html import table

        return table(self.rows, repr(self))
