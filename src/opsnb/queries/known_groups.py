"""Which failure group a run belongs to, remembered: the text of its error is read once, and not at every refresh."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, select

from opsnb.database import Database
from opsnb.models import operation_runs
from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.errors_in_context import error_text
from opsnb.queries.leads import sent
from opsnb.queries.lists import among

CHUNK = 5_000  # texts that are held at once
KEEP_SECONDS = 300.0  # a worker may still change the error of a run that failed
MOST = 200_000


class KnownGroups:
    """Tells the groups of runs, and reads the errors of those alone that it does not know.

    Parameters
    ----------
    errors
        Reads and groups the texts of errors.
    clock
        Gives seconds that only grow.
    """

    def __init__(self, errors: ErrorTexts, clock: Callable[[], float] = time.monotonic) -> None:
        self.errors = errors
        self._clock = clock
        self._known: dict[tuple[Database, tuple[str, ...]], tuple[float, dict[int, str]]] = {}

    def of(self, database: Database, runs: Sequence[tuple[int, object]]) -> list[str]:
        """Give the groups of failures, each named by its number and its type.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        known = self._known_of(database)
        types = {number: type_ for number, type_ in runs if number not in known}
        for number, text in read_errors(database, list(types)):
            known[number] = self.errors.group(types[number], text)
        return [known.get(number, "") for number, _ in runs]

    def _known_of(self, database: Database) -> dict[int, str]:
        """Give what is known of a database, or start anew where that is too old or too much."""
        key, now = (database, database.settings.error_paths), self._clock()
        since, known = self._known.get(key, (now, {}))
        if now - since > KEEP_SECONDS or len(known) > MOST:
            since, known = now, {}
        self._known[key] = since, known
        return known


def read_errors(database: Database, numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
    """Read the texts of errors of the runs with these numbers, as `take` bounds them."""
    statement = _errors_statement(database.dialect, database.settings.error_paths)
    for start in range(0, len(numbers), CHUNK):
        yield from database.fetch(statement, {"wanted": sent(database, numbers[start : start + CHUNK])})


@lru_cache(maxsize=64)
def _errors_statement(dialect: str, paths: tuple[str, ...]) -> Select[Any]:
    return select(operation_runs.c.id, error_text(dialect, paths).label("error")).where(among("wanted", dialect))
