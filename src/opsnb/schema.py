"""Schema and indexes for an empty database; one that exists already is never altered."""

from __future__ import annotations

import getpass
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, text

from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.models import metadata, operation_runs, platform_users

RECENT = "created_at DESC, id DESC"
# The expressions that queries use too: an expression index serves only a query that says the same.
RETRY_OF = {
    "sqlite": "CASE WHEN json_valid(context) THEN CAST(context ->> '$.triage.retry_of_run_id' AS TEXT) END",
    "postgresql": "context #>> '{triage,retry_of_run_id}'",
}
INDEXES = (
    f"CREATE INDEX ix_runs_recent ON operation_runs ({RECENT})",
    f"CREATE INDEX ix_runs_failed ON operation_runs ({RECENT}) WHERE status = 'completed' AND outcome = 'failed'",
    f"CREATE INDEX ix_runs_live ON operation_runs ({RECENT}) WHERE status IN ('queued', 'running')",
    f"CREATE INDEX ix_runs_type ON operation_runs (type, {RECENT})",
    f"CREATE INDEX ix_runs_tenant ON operation_runs (tenant_id, {RECENT})",
    f"CREATE INDEX ix_runs_workspace ON operation_runs (workspace_id, {RECENT})",
    f"CREATE INDEX ix_runs_initiator ON operation_runs (initiator_name, {RECENT})",
    "CREATE INDEX ix_runs_retry_of ON operation_runs (({retry_of})) WHERE {retry_of} IS NOT NULL",
    "CREATE UNIQUE INDEX ux_runs_live_retry ON operation_runs (({retry_of}))"
    " WHERE {retry_of} IS NOT NULL AND status IN ('queued', 'running')",
    "CREATE INDEX ix_audit_resource ON audit_logs (resource_type, resource_id, id)",
)


# "opsn": says that opsnb made this SQLite file, and may therefore fill or replace it as a demo.
APPLICATION_ID = 0x6F70736E


def init(database: Database) -> None:
    """Create schema and indexes in an empty database; an SQLite file is made where there is none.

    On SQLite, where the file's permissions are the boundary, whoever makes it is its first operator.

    Raises
    ------
    BadInput
        If the database holds any of the tables already.
    DatabaseUnavailable
        If it cannot be reached or written.
    """
    if database.is_sqlite:
        _make_file(Path(str(database.url.database)))
    with database.change() as connection:
        create(connection)
        if database.is_sqlite:
            connection.execute(insert(platform_users), [_first_operator()])


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
    except (OSError, sqlite3.Error) as error:
        raise BadInput(f"{path} cannot be made into a database: {error}.") from error


def _first_operator() -> dict[str, object]:
    login = getpass.getuser()
    capabilities = ["platform.access_system_panel", "platform.operations.view", "platform.operations.manage"]
    return {"name": login, "email": f"{login}@localhost", "login": login, "is_active": True,
            "capabilities": capabilities}  # fmt: skip


def holds_runs_table(connection: Connection) -> bool:
    """Whether the database has a table (or view) of runs already."""
    names = inspect(connection)
    return operation_runs.name in (*names.get_table_names(), *names.get_view_names())


def create(connection: Connection) -> None:
    """Create tables and indexes in an empty database, within the caller's transaction.

    Raises
    ------
    BadInput
        If the database holds any of the tables already.
    """
    present = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if present:
        raise BadInput(f"The database already holds {', '.join(present)}; opsnb never alters what it did not create.")
    metadata.create_all(connection)
    retry_of = RETRY_OF[connection.dialect.name]
    for statement in INDEXES:
        connection.execute(text(statement.replace("{retry_of}", retry_of)))
