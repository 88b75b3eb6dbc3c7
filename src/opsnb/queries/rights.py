"""What the database itself lets the login of this connection do, asked of the server; on SQLite the file decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text

from opsnb import gate
from opsnb.access import Capability
from opsnb.database import Database, Read
from opsnb.models import audit_logs, operation_runs
from opsnb.names import quoted


@dataclass(frozen=True)
class Rights:
    """What a database login may do.

    Parameters
    ----------
    login
        The login that the server authenticated.
    bound
        The gate is there, and this login is one of those that it holds to its rules.
    capabilities
        What the login has the rights for.
    """

    login: str
    bound: bool
    capabilities: frozenset[str]


def within(connection: Connection) -> Read:
    """Read inside the transaction of `connection`."""
    return lambda statement, values: connection.execute(statement, values).all()


def fetch_rights(database: Database, read: Read | None = None) -> Rights | None:
    """Ask the server for the rights of this connection's login; None on SQLite. `read` runs the statement elsewhere.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    if database.is_sqlite:
        return None
    ((login, bound, views, manages),) = (read or database.fetch)(_STATEMENT, _asked(database))
    held = {Capability.ACCESS: True, Capability.VIEW: views, Capability.MANAGE: views and manages}
    return Rights(login, bound, frozenset(name.value for name, holds in held.items() if holds))


def _asked(database: Database) -> dict[str, Any]:
    return {
        "runs": quoted(database.table(operation_runs.name)),
        "audit": quoted(database.table(audit_logs.name)),
        "guard": gate.GUARD,
        "seen": [column.name for column in operation_runs.columns],
        "added": [*gate.RETRY_COLUMNS],
        "changed": [*gate.CHANGED_COLUMNS],
        "recorded": [column.name for column in audit_logs.columns if column.name != "id"],
    }


def _all(right: str, table: str, columns: str) -> str:
    # Of a table that is not there nothing is said here: whoever reads it is told.
    return f"""coalesce((SELECT bool_and(has_column_privilege(attrelid, attnum, '{right}')) FROM pg_attribute
        WHERE attrelid = {table} AND attname = ANY (CAST(:{columns} AS text[])) AND NOT attisdropped), true)"""


# The reader's transactions are read-only by its own wish, so that what a login is set to is asked for by its name.
_READ_ONLY = """coalesce((
    SELECT CAST(split_part(setting, '=', 2) AS boolean) FROM pg_db_role_setting, unnest(setconfig) AS setting
    WHERE setting LIKE 'default\\_transaction\\_read\\_only=%'
      AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
    ORDER BY setrole <> 0 DESC, setdatabase <> 0 DESC LIMIT 1), false)"""
_STATEMENT: TextClause = text(f"""
    WITH named AS (
        SELECT CAST(to_regclass(CAST(:runs AS text)) AS oid) AS runs,
               CAST(to_regclass(CAST(:audit AS text)) AS oid) AS audit
    ), known AS (
        SELECT *, {gate.BOUND.format(runs="named.runs")} AND EXISTS (
            SELECT FROM pg_trigger WHERE tgrelid = runs AND tgname = CAST(:guard AS text) AND tgenabled <> 'D') AS bound
        FROM named
    )
    SELECT CAST(session_user AS text) AS login, bound, {_all("SELECT", "runs", "seen")} AS views,
        {_all("INSERT", "runs", "added")} AND {_all("UPDATE", "runs", "changed")}
        AND (bound OR {_all("INSERT", "audit", "recorded")})
        AND NOT pg_is_in_recovery() AND NOT {_READ_ONLY} AS manages
    FROM known
""")
