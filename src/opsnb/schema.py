"""Schema and indexes for an empty database; one that exists already is never altered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, insert, text

from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.models import metadata, operation_runs, platform_users
from opsnb.names import quoted
from opsnb.relations import COLUMNS
from opsnb.system_user import login_name

RECENT = "created_at DESC, id DESC"
# The expressions that queries use too: an expression index serves only a query that says the same.
RETRY_OF = {
    "sqlite": "CASE WHEN json_valid(context) THEN CAST(context ->> '$.triage.retry_of_run_id' AS TEXT) END",
    "postgresql": "context #>> '{triage,retry_of_run_id}'",
}
INDEXES = (
    f"CREATE INDEX ix_runs_recent ON operation_runs ({RECENT})",
    f"CREATE INDEX ix_runs_failed ON operation_runs ({RECENT}) WHERE status = 'completed' AND outcome = 'failed'",
    # What the rule of stuck runs asks for stands in the index itself, so that counting them reads nothing else.
    f"CREATE INDEX ix_runs_live ON operation_runs ({RECENT}, status, type, started_at)"
    " WHERE status IN ('queued', 'running')",
    f"CREATE INDEX ix_runs_outcome ON operation_runs (outcome, {RECENT})"
    " WHERE outcome IN ('pending', 'partially_succeeded', 'blocked')",
    f"CREATE INDEX ix_runs_type ON operation_runs (type, {RECENT})",
    f"CREATE INDEX ix_runs_tenant ON operation_runs (tenant_id, {RECENT})",
    f"CREATE INDEX ix_runs_workspace ON operation_runs (workspace_id, {RECENT})",
    f"CREATE INDEX ix_runs_initiator ON operation_runs (initiator_name, {RECENT})",
    "CREATE INDEX ix_runs_retry_of ON operation_runs (({retry_of}), id) WHERE {retry_of} IS NOT NULL",
    "CREATE UNIQUE INDEX ux_runs_live_retry ON operation_runs (({retry_of}))"
    " WHERE {retry_of} IS NOT NULL AND status IN ('queued', 'running')",
    "CREATE INDEX ix_audit_resource ON audit_logs (resource_type, resource_id, id)",
)


# "opsn": says that opsnb made this SQLite file, and may therefore fill or replace it as a demo.
APPLICATION_ID = 0x6F70736E
# user_version of such a file while all that it holds is the demo.
DEMO = 1


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
        make_file(Path(str(database.url.database)))
    with database.change() as connection:
        build(connection, database)


def build(connection: Connection, database: Database) -> None:
    """Do what `init` does within the caller's transaction; the SQLite file is there already.

    Raises
    ------
    BadInput
        As `add_first_operator`.
    """
    create(connection, database)
    if database.is_sqlite:
        add_first_operator(connection, database.settings.actor)


def make_file(path: Path) -> None:
    """Make an SQLite file, or mark an empty one as made by opsnb; one that holds tables is left as it is.

    Raises
    ------
    BadInput
        If it cannot be made, or is no SQLite file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute("PRAGMA journal_mode = WAL")
    except (OSError, sqlite3.Error) as error:
        raise BadInput(f"{path} cannot be made into a database: {error}.") from error


def add_first_operator(connection: Connection, actor: str) -> None:
    """Enter whoever makes an SQLite file as an operator: there the file's permissions are the boundary.

    Parameters
    ----------
    actor
        Who acts, as the settings name them; it is used where the operating system has no login name.

    Raises
    ------
    BadInput
        If neither gives a name.
    """
    login = login_name() or ("" if actor.isdecimal() else actor)
    if not login:
        raise BadInput(
            "The user who runs this has no login name, so it is unknown who may act on the new database;"
            " set OPSNB_ACTOR to a name or an e-mail address."
        )
    capabilities = ["platform.access_system_panel", "platform.operations.view", "platform.operations.manage"]
    row = {"name": login, "email": login if "@" in login else f"{login}@localhost", "login": login, "is_active": True,
           "capabilities": capabilities}  # fmt: skip
    connection.execute(insert(platform_users), [row])


def is_demo(connection: Connection) -> bool:
    """Whether this is an SQLite file that holds a demo and nothing else: such a one may be filled anew."""
    if connection.dialect.name != "sqlite":
        return False
    marks = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("application_id", "user_version")]
    return marks == [APPLICATION_ID, DEMO]


def mark_demo(connection: Connection, *, demo: bool) -> None:
    """Mark an SQLite file as a demo, or as one no more, within the caller's transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {DEMO if demo else 0}")


def holds(connection: Connection, database: Database, table: str) -> bool:
    """Whether the database has a table (or view) of the contract already, under its own name for it."""
    own = database.table(table)
    given = {"table": own if database.is_sqlite else quoted(own)}
    return connection.execute(text(COLUMNS[database.dialect]), given).first() is not None


def holds_runs_table(connection: Connection, database: Database) -> bool:
    """Whether the database has a table (or view) of runs already."""
    return holds(connection, database, operation_runs.name)


def create(connection: Connection, database: Database) -> None:
    """Create tables and indexes in an empty database, within the caller's transaction.

    Raises
    ------
    BadInput
        If the database holds any of the tables already.
    """
    present = sorted(table for table in metadata.tables if holds(connection, database, table))
    if present:
        raise BadInput(f"The database already holds {', '.join(present)}; opsnb never alters what it did not create.")
    metadata.create_all(connection, checkfirst=False)
    retry_of = RETRY_OF[connection.dialect.name]
    for statement in INDEXES:
        connection.execute(text(statement.replace("{retry_of}", retry_of)))
