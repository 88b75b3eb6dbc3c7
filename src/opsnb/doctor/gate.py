"""Whether the database itself holds people to the rules of triage."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb.database import Database
from opsnb.doctor.findings import Finding, note, ok
from opsnb.gate import GUARD
from opsnb.models import operation_runs
from opsnb.names import quoted
from opsnb.relations import BASES

_TRIGGER = (
    BASES
    + f"SELECT 1 FROM base JOIN pg_trigger ON tgrelid = base.oid WHERE tgname = '{GUARD}' AND tgenabled = 'A' LIMIT 1"
)


def check(database: Database) -> Iterator[Finding]:
    """Say whether the gate of ``opsnb grants`` is installed."""
    if database.is_sqlite:
        yield ok("The boundary of an SQLite database is the permissions of its file.")
    elif database.fetch(text(_TRIGGER), {"table": quoted(database.table(operation_runs.name))}):
        yield ok("The gate of opsnb grants is installed.")
    else:
        yield note(
            "The gate of opsnb grants is not installed: whoever may write these tables may write anything there.",
            "opsnb grants prints the SQL that installs it.",
        )
