"""How a database is connected to: what SQLite and PostgreSQL are told, and when they have to give up."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DisconnectionError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from opsnb import pgsession
from opsnb.errors import DatabaseUnavailable
from opsnb.failures import READ_ONLY_STATE
from opsnb.models import write_json
from opsnb.settings import Settings
from opsnb.sqlitetimes import learn_style
from opsnb.text import fold

# The execution option of a statement that opens a transaction, for those who record what a database is asked.
OPENS_TRANSACTION = "opsnb_opens_transaction"
_DISCREET: dict[str, Any] = {
    "hide_parameters": True
}  # errors go to the log, which is no place for contexts and searches

# kB of a file that a connection which reads keeps: what a page with two filters looks through in a long history. It is
# less where many processes stand beside each other.
kept = 16_000


def replace_bad_utf8(connection: sqlite3.Connection, _record: object) -> None:
    """Let a connection read what is no UTF-8, with marks in its place."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")


def sqlite_engine(url: URL, settings: Settings, read_only: bool) -> Engine:
    """Make the engine of an SQLite file; one for changes takes the write lock at BEGIN."""
    path = Path(str(url.database)).resolve()
    mode = "ro" if read_only else "rw"
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    def configure(connection: sqlite3.Connection) -> None:
        connection.create_function("opsnb_fold", 1, _fold, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute(f"PRAGMA cache_size = -{kept}")
        connection.execute("PRAGMA automatic_index = OFF")  # made anew for one statement, it reads the whole history

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            isolation_level=None,  # the driver never opens a transaction by itself; the hook below does
            timeout=settings.lock_timeout.total_seconds(),
            check_same_thread=False,
        )
        try:
            configure(connection)
        except sqlite3.Error:  # no database, or a damaged one: nobody else knows this connection
            connection.close()
            raise
        return connection

    # The one that was used last comes first: what it keeps of the file is kept once, and is what is asked for again.
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 4, "pool_use_lifo": True}
    engine = create_engine("sqlite://", creator=connect, **pool, **_DISCREET)
    _notice_other_file(engine, path)
    _open_transactions_with(engine, begin)
    learn_style(engine, (settings.tables or {}).get("operation_runs", "operation_runs"))
    if read_only:
        _limit_time(engine, settings.statement_timeout.total_seconds())
    return engine


def _fold(value: bytes | None) -> str | None:
    """Give text without case, whatever bytes a column of text holds."""
    return None if value is None else fold(value.decode("utf-8", "replace"))


def _open_transactions_with(engine: Engine, statement: str, parameters: tuple[str, ...] = ()) -> None:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement, parameters, execution_options={OPENS_TRANSACTION: True}).close()

    event.listen(engine, "begin", begin)


def _notice_other_file(engine: Engine, path: Path) -> None:
    """Replace a connection whose file was deleted or replaced since: SQLite would go on reading the old one."""

    def identity() -> tuple[int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def remember(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["file"] = identity()

    def check(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["file"] != identity():
            raise DisconnectionError("the file is another one now")

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", check)


def _limit_time(engine: Engine, seconds: float) -> None:
    """SQLite knows no statement timeout: its progress handler stops what a connection was taken for in time."""

    def take(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        deadline = time.monotonic() + seconds
        over: Callable[[], bool] = lambda: time.monotonic() > deadline  # noqa: E731
        connection.set_progress_handler(over, 20_000)

    event.listen(engine, "checkout", take)


def postgresql_engine(url: URL, settings: Settings, read_only: bool) -> Engine:
    """Make the engine of a PostgreSQL database, with the timeouts of the settings in every transaction.

    Raises
    ------
    BadInput
        If the address has a parameter that cannot be used.
    """
    engine = _create_postgresql(
        _found_by_reader(url) if read_only else url,
        isolation_level="READ COMMITTED",
        pool_size=4,
        pool_timeout=settings.lock_timeout.total_seconds(),
        pool_pre_ping=not read_only,  # a read is simply asked again; a change is not
        connect_args=pgsession.connect_arguments(url, settings),
    )
    _open_transactions_with(engine, *pgsession.set_local(pgsession.transaction_settings(settings)))
    event.listen(engine, "connect", _tolerate_values)
    if read_only:
        event.listen(engine, "connect", _read_only)
    else:
        event.listen(engine, "handle_error", _leave_read_only_server)
    return engine


def _read_only(connection: Any, _record: object) -> None:
    """Let the driver begin every transaction of a connection as READ ONLY."""
    connection.read_only = True


def _found_by_reader(url: URL) -> URL:
    """Look for the primary by its role: a login that may only read is no reason to leave it."""
    if url.query.get("target_session_attrs") == "read-write":
        return url.update_query_dict({"target_session_attrs": "primary"})
    return url


def _leave_read_only_server(context: ExceptionContext) -> None:
    """Drop connections to a server that has become a standby: the address may lead to another one by now."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY_STATE:
        context.is_disconnect = True


def _tolerate_values(connection: Any, record: object) -> None:
    from opsnb import pgtext, pgtimes  # they need psycopg, which is there once there is a connection

    pgtimes.tolerate(connection, record)
    pgtext.tolerate(connection, record)


def _create_postgresql(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, json_serializer=write_json, **_DISCREET, **options)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise DatabaseUnavailable(
            "PostgreSQL needs the driver psycopg, which is not installed; run: pip install 'opsnb[postgres]'"
        ) from None
