"""The connection, the server's version and clock, and how an SQLite file is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from opsnb.database import Database
from opsnb.doctor.findings import Finding, note, ok, problem, warning
from opsnb.models import as_utc
from opsnb.text import duration

SKEW = timedelta(seconds=2)
OLDEST_POSTGRESQL, OLDEST_SQLITE = 13, (3, 38)
_ABOUT = """SELECT current_setting('server_version'), session_user, current_database(), pg_is_in_recovery(),
    current_setting('server_encoding')"""


def check(database: Database) -> Iterator[Finding]:
    """Say what answers.

    Raises
    ------
    DatabaseUnavailable
        If nothing does.
    """
    with database.look() as connection:
        yield from _sqlite(connection, database.name) if database.is_sqlite else _postgresql(connection)


def _sqlite(connection: Connection, name: str) -> Iterator[Finding]:
    mode = connection.execute(text("PRAGMA journal_mode")).scalar()
    yield ok(f"{name} is an SQLite database, read by SQLite {sqlite3.sqlite_version}.")
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield problem("This SQLite cannot read JSON by paths.", "Use a Python with SQLite 3.38 or later.")
    if mode == "wal":
        yield ok("Its journal is a write-ahead log: readers and writers do not wait for each other.")
    else:
        yield warning(
            f"Its journal mode is {mode}: readers and writers wait for each other.", "PRAGMA journal_mode = WAL;"
        )


def _postgresql(connection: Connection) -> Iterator[Finding]:
    version, login, name, replica, encoding = connection.execute(text(_ABOUT)).one()
    yield ok(f"PostgreSQL {version} answers as {login} on the database {name}.")
    if int(version.partition(".")[0]) < OLDEST_POSTGRESQL:
        yield warning(f"opsnb is not tested on PostgreSQL {version}.", f"Use PostgreSQL {OLDEST_POSTGRESQL} or later.")
    if replica:
        yield warning("This server is a read replica: nothing can be changed on it.", "Name the primary to act.")
    if encoding != "UTF8":
        yield note(f"Its encoding is {encoding}: a name that cannot be written in it is refused.")
    yield _clock(connection)


def _clock(connection: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs = as_utc(connection.execute(text("SELECT clock_timestamp()")).scalar()) or before
    after = datetime.now(UTC)
    if before - SKEW <= theirs <= after + SKEW:
        return ok("Its clock and the one of this machine agree.")
    skew = max(before - theirs, theirs - after)
    return warning(
        f"Its clock and the one of this machine are {duration(skew)} apart, and what is stuck is told by this one.",
        "Set both by the same time service.",
    )
