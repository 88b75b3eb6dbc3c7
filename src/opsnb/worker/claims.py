"""Takes runs out of the queue, and writes to a run only while it is the worker's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable

from opsnb.database import Database
from opsnb.models import Outcome, write_json
from opsnb.queries.context import read_context
from opsnb.worker import statements

# A retry asked for while the last worker was being replaced is not lost; the demo's own live retries are older.
RETRIED_BEFORE = timedelta(minutes=1)


@dataclass(frozen=True)
class Claim:
    """A run that a worker took; `worker` is the JSON by which the run's context names it, and its time."""

    id: int
    type: str
    context: Mapping[str, Any]
    worker: str


class Claims:
    """One worker's claims on one database.

    A run is claimed if it is queued, of a type in `types`, has a JSON object for its context, and was created after
    this worker started, or, if it is a retry, at most `RETRIED_BEFORE` earlier. Whatever else is queued stays: the
    demo has runs that wait for too long, and others that are to be looked at.

    Parameters
    ----------
    database
        Where the runs are.
    types
        The types it works on.
    name
        What it calls itself.
    clock
        Gives the present, tz-aware; the worker starts now.
    """

    def __init__(self, database: Database, types: Iterable[str], name: str, clock: Callable[[], datetime]) -> None:
        self._database, self._types, self._name, self._clock = database, list(types), name, clock
        self._since = clock()
        self._dialect = "sqlite" if database.is_sqlite else "postgresql"

    def take(self) -> Claim | None:
        """Claim the oldest run there is to claim, in one transaction; None where there is none.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        wanted = {"types": self._types, "since": self._since, "retried_since": self._since - RETRIED_BEFORE}
        with self._database.change() as connection:
            found = connection.execute(statements.claimable(self._dialect), wanted).first()
            if found is None:
                return None
            now = self._clock()
            worker = write_json({"name": self._name, "claimed_at": now.isoformat()})
            values = {"id": found.id, "now": now, "worker": worker}
            taken = connection.execute(statements.claim(self._dialect), values).rowcount == 1
            return Claim(found.id, found.type, read_context(found.context) or {}, worker) if taken else None

    def advance(self, claim: Claim, progress: Mapping[str, int]) -> bool:
        """Write progress; False where the run is this worker's no more, and nothing was written.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return self._change(statements.advance(self._dialect), claim, progress=write_json(progress))

    def finish(self, claim: Claim, error: Mapping[str, str] | None) -> bool:
        """Complete the run as succeeded, or as failed with an `error`; False as in `advance`.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        told = {"error": write_json(error)} if error else {}
        outcome = Outcome.FAILED if error else Outcome.SUCCEEDED
        statement = statements.finish(self._dialect, error=bool(error))
        return self._change(statement, claim, outcome=outcome.value, now=self._clock(), **told)

    def _change(self, statement: Executable, claim: Claim, **values: object) -> bool:
        with self._database.change() as connection:
            values |= {"id": claim.id, "worker": claim.worker}
            return connection.execute(statement, values).rowcount == 1
