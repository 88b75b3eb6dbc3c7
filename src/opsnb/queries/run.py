"""One operation with everything the detail shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.models import Status
from opsnb.queries import cursors
from opsnb.queries.context import read_context
from opsnb.queries.detail import MAX_AUDIT, AuditEntry, Relative, fetch_audit, fetch_lineage, fetch_run, masked
from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.errors_in_context import find_error
from opsnb.queries.history import LIMIT, TypeHistory, read_history
from opsnb.queries.masking import Masker
from opsnb.queries.records import LISTED, RunRow, Timing, as_text, list_rows, timing
from opsnb.queries.timeline import Event, timeline
from opsnb.stuck import Classifier, StuckClass


@dataclass(frozen=True)
class Run:
    """One operation.

    Parameters
    ----------
    row
        Its columns, with the names of its places; times are tz-aware UTC.
    context
        What the worker wrote, unmasked; empty where it is no JSON object.
    context_text
        The column's text as it stands.
    stuck
        Why it counts as stuck, or None.
    as_of
        What moment it shows, tz-aware UTC: when it was read, or how far the replica was that it was read from.
    cursor
        Its place in the lists: ``ops.runs(after=run.cursor)`` gives the operations before it, ``before=`` those after.
    behind
        How long before the present that was.
    instead
        Why it was read from the primary and not from the replica; empty where nothing is wrong.
    """

    row: RunRow
    context: Mapping[str, Any]
    context_text: str
    stuck: StuckClass | None
    as_of: datetime
    _database: Database = field(repr=False, compare=False)
    _ensure: Callable[[], None] = field(repr=False, compare=False)
    _masker: Masker = field(repr=False, compare=False)
    cursor: str = field(default="", repr=False, compare=False)
    behind: timedelta = field(default=timedelta(0), compare=False)
    instead: str = field(default="", compare=False)

    def __getattr__(self, name: str) -> Any:
        """Give the columns themselves: ``run.status`` is ``run.row.status``."""
        if name in RunRow._fields:
            return getattr(self.row, name)
        raise AttributeError(name)

    @property
    def timing(self) -> Timing:
        """How long it queued and ran; an open phase runs until `as_of`."""
        row = self.row
        live = row.status != Status.COMPLETED
        return timing(row.created_at, row.started_at, row.completed_at, self.as_of if live else None)

    def audit(self) -> list[AuditEntry]:
        """Give the recorded acts on this run, oldest first and masked; of more than `MAX_AUDIT` the newest."""
        self._ensure()
        return self._acts(MAX_AUDIT)

    def _acts(self, limit: int) -> list[AuditEntry]:
        return [masked(entry, self._masker) for entry in fetch_audit(self._database, self.row.id, limit)]

    def lineage(self) -> list[Relative]:
        """Give the runs that led to this one by retries, itself, and those that retried it."""
        self._ensure()
        return fetch_lineage(self._database, self.row.id)

    def history(self, limit: int = LIMIT) -> TypeHistory:
        """Give the last `limit` runs of its type up to this one."""
        self._ensure()
        return read_history(self._database, self.row, self.as_of, limit)

    def timeline(self, lineage: Sequence[Relative] | None = None) -> list[Event]:
        """Give what happened on this run and on the others of its lineage, oldest first.

        Parameters
        ----------
        lineage
            As `lineage` gave it, where it was read already.
        """
        self._ensure()
        family = self.lineage() if lineage is None else lineage
        return timeline(self.row, self.row.retry_of, self._acts(MAX_AUDIT + 1), family)

    def __repr__(self) -> str:
        return f"Operation #{self.row.id}: {self.row.label}, {self.row.status}, {self.row.outcome}"


def read_run(
    database: Database,
    catalog: Catalog,
    rule: Callable[[], Classifier],
    run_id: int,
    now: datetime,
    ensure: Callable[[], None],
    masker: Masker,
    errors: ErrorTexts,
) -> Run:
    """Read one run at `now` (tz-aware), in one statement; `ensure` is asked again before its audit or lineage is read.

    `masker` masks secrets in its audit, `errors` reads the text of its error.

    `rule` gives what tells stuck runs; it is asked only for a run that is not completed.

    Raises
    ------
    RunNotFound
        If no run has that number.
    DatabaseUnavailable
        If the database cannot answer.
    """
    found, text = fetch_run(database, run_id)
    context = read_context(text) or {}
    (row,) = list_rows([found], catalog)
    stuck = rule().classify(row, now) if row.status != Status.COMPLETED else None
    error = errors.read(find_error(context, database.settings.error_paths))
    row = row._replace(error=error, stuck_class=stuck.label if stuck else None)
    return Run(
        row,
        context,
        as_text(text) or "",
        stuck,
        now,
        database,
        ensure,
        masker,
        cursors.write(cursors.Key(found[LISTED.index("created_at")], row.id)),
    )
