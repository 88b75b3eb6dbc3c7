"""All checks in their order; what one of them cannot find out is a finding too."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opsnb.database import Database
from opsnb.doctor import acts, gate, indexes, rows, server, tables
from opsnb.doctor.findings import Finding, Severity, problem, warning, worst
from opsnb.errors import OpsnbError

Check = Callable[[Database], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (acts.reading, acts.acting, indexes.check, rows.check, gate.check)


def examine(database: Database) -> list[Finding]:
    """Look a database over, in transactions that only read.

    Returns
    -------
    list of Finding
        In the order of the checks. A database that is missing, foreign or does not answer is a finding, no error.
    """
    try:
        found = list(server.check(database))
    except OpsnbError as error:
        return [problem(str(error), "Name the database with --database or OPSNB_DATABASE_URL.")]
    found += _guarded(tables.check, database)
    if worst(found) is not Severity.PROBLEM:
        for check in CHECKS:
            found += _guarded(check, database)
    return found


def _guarded(check: Check, database: Database) -> list[Finding]:
    try:
        return list(check(database))
    except OpsnbError as error:
        return [warning(f"This could not be examined: {error}", "Ask the database's owner.")]
