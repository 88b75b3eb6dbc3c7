"""Many pages of a list as one DataFrame, up to a bound; what opsnb refuses is said, not raised.

Every cell of a runbook runs, whatever its first one found: a dashboard shows no half-finished page, and the answer on
top says what is wrong in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsnb.errors import OpsnbError
from opsnb.queries.frames import frame
from opsnb.queries.records import RunRow
from opsnb.queries.run_page import RunPage
from opsnb.text import moment, nearest

if TYPE_CHECKING:
    from opsnb.ops import Ops

LIMIT = 5_000
PAGE = 500


@dataclass(frozen=True)
class Sample:
    """Operations of a list, newest first.

    Parameters
    ----------
    frame
        As ``page.to_frame()`` gives it, times tz-aware UTC.
    complete
        Whether these are all; False where reading stopped at the bound.
    trouble
        Why nothing could be read, in one sentence for a person; else empty.
    """

    frame: pd.DataFrame
    complete: bool = True
    trouble: str = ""

    @property
    def note(self) -> str:
        """What the bound cut, in one sentence; empty where nothing was."""
        if self.complete:
            return ""
        oldest = self.frame["created_at"].min()
        back_to = f", back to {moment(oldest)}" if pd.notna(oldest) else ""
        return f"Only the newest {len(self.frame):,} operations were read{back_to}; there are more."


def gather(read: Callable[..., RunPage], limit: int = LIMIT, **wanted: Any) -> Sample:
    """Read a list page by page; a refusal (no access, a bad filter) is said in `Sample.trouble`.

    Parameters
    ----------
    read
        ``ops.runs``, ``ops.failures`` or ``ops.stuck``.
    limit
        Rows at most.
    wanted
        Filters of the list.
    """
    try:
        rows = list(islice(_rows(read, min(limit + 1, PAGE), wanted), limit + 1))
    except OpsnbError as error:
        return Sample(frame([]), trouble=str(error))
    return Sample(frame(rows[:limit]), complete=len(rows) <= limit)


def _rows(read: Callable[..., RunPage], size: int, wanted: dict[str, Any]) -> Iterator[RunRow]:
    page = read(limit=size, **wanted)
    yield from page.rows
    while page.next:
        page = read(limit=size, after=page.next, **wanted)
        yield from page.rows


def trouble(ops: Ops, type_: str | None, *samples: Sample) -> str:
    """Say why `samples` hold nothing to work on: a refusal, or a type that no operation has; else nothing."""
    said = next((sample.trouble for sample in samples if sample.trouble), "")
    if said or type_ is None or any(len(sample.frame) for sample in samples):
        return said
    return unknown_type(ops, type_)


def unknown_type(ops: Ops, type_: str) -> str:
    """Say that no operation is of this type, with the nearest one that there is; nothing where some are."""
    try:
        if ops.runs(type=[type_], limit=1).rows:
            return ""
        return f"No operation here is of type {type_!r}.{nearest(type_, [c.value for c in ops.choices('type')])}"
    except OpsnbError as error:
        return str(error)
