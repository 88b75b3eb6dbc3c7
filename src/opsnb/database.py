"""Reading and changing a database, with an engine for each, and every failure said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from sqlalchemy import URL, Connection, Engine, Executable, Transaction, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from opsnb import pgsession
from opsnb.engines import postgresql_engine, replace_bad_utf8, sqlite_engine
from opsnb.errors import BadInput, log
from opsnb.failures import explain, for_log, unknown_outcome, was_lost
from opsnb.models import time_writer
from opsnb.names import quoted, rename
from opsnb.relations import COLUMNS, LEADING, ORDER_INDEX, RETRY_INDEX
from opsnb.settings import Settings
from opsnb.system_user import expand_home

Rows = Sequence[Any]  # rows of a result, whose columns are known to whoever wrote the statement
Read = Callable[[Executable, Mapping[str, Any]], Rows]
# No path of a file: an address that was mistyped, whose password no sentence may repeat.
_SECRET = re.compile(r":[^/]*@|password=")


def embedded_path() -> Path:
    """Where the embedded SQLite database lives: ``opsnb.db`` in the user's data folder.

    Raises
    ------
    BadInput
        If the user has no home folder.
    """
    with suppress(RuntimeError):  # platformdirs finds no home; older ones leave "~" as it is
        folder = user_data_path("opsnb", appauthor=False)
        if folder.is_absolute():
            return folder / "opsnb.db"
    raise BadInput(
        "The user who runs this has no home folder for the embedded database;"
        " name a database with --database or OPSNB_DATABASE_URL."
    )


def database_url(text: str) -> URL:
    """Read a database's address: an SQLAlchemy URL, the path of an SQLite file, or nothing for the embedded one.

    Raises
    ------
    BadInput
        If it is neither, or names a database other than SQLite and PostgreSQL.
    """
    if "://" not in text and not _SECRET.search(text):
        return URL.create("sqlite", database=str(expand_home(text) if text else embedded_path()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise _unreadable() from None
    if "@" in (url.host or ""):  # what stands before it belongs to the password
        raise _unreadable()
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "sqlite":
        raise BadInput(f"opsnb works on SQLite and PostgreSQL, not on {url.get_backend_name()}.")
    if not url.database or url.database == ":memory:":
        raise BadInput("An SQLite database for opsnb must be a file; name its path after sqlite:///.")
    return url


def _unreadable() -> BadInput:
    return BadInput(
        "The database URL cannot be read; write it like sqlite:///runs.db or postgresql+psycopg://user@host/name,"
        " and an @ in a password as %40."
    )


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Run a block in a savepoint, which is rolled back on any error.

    Where the disk is full SQLite ends the whole transaction by itself, and the savepoint with it: the error that led
    to this is then raised, not the one that there is no such savepoint.
    """
    nested = connection.begin_nested()
    try:
        yield
    except BaseException:
        with suppress(OperationalError):
            nested.rollback()
        raise
    nested.commit()


class Database:
    """One database of operation runs.

    Parameters
    ----------
    url
        As `database_url` reads it.
    settings
        Timeouts.
    read_only
        Let the database itself refuse every write, also where one was meant.

    Attributes
    ----------
    dialect
        "sqlite" or "postgresql".
    is_sqlite
        Whether it is an SQLite file.
    """

    setting = "OPSNB_DATABASE_URL"

    def __init__(self, url: str, settings: Settings, *, read_only: bool = False) -> None:
        self.url = database_url(url)
        self.dialect = self.url.get_backend_name()
        self.is_sqlite = self.dialect == "sqlite"
        self.settings = settings
        self.read_only = read_only
        if not self.is_sqlite:
            pgsession.connect_arguments(self.url, settings)  # refuses at once what no engine could use
        self._columns: dict[str, frozenset[str]] = {}

    @property
    def name(self) -> str:
        """Name the database for a person, without its password."""
        if self.is_sqlite:
            return str(self.url.database)
        # A password may also stand in the query; only what says where the server is stays of it.
        place = {key: value for key, value in self.url.query.items() if key in ("host", "port", "dbname")}
        return self.url.set(query=place).render_as_string(hide_password=True)

    def fetch(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Read rows; a connection that died since its last use is replaced once.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer; the message says why and what to do.
        """
        try:
            return self._fetch(self.reader, statement, parameters)
        except SQLAlchemyError as error:
            with self._explained():
                return self._fetch(self._reader_after(error), statement, parameters)

    def _reader_after(self, error: SQLAlchemyError) -> Engine:
        """Give the engine that may answer what failed with `error`, which is raised again where none may."""
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return self.reader
        if isinstance(error, DBAPIError) and "Could not decode to UTF-8" in str(error.orig):
            return self._tolerant_reader
        raise error

    @staticmethod
    def _fetch(engine: Engine, statement: Executable, parameters: Mapping[str, Any] | None) -> Rows:
        with engine.connect() as connection:
            return connection.execute(statement, parameters or {}).all()

    def columns(self, table: str, read: Read | None = None) -> frozenset[str]:
        """Names of a table's columns, asked once; empty where there is no such table.

        `read` runs the statement inside a transaction that is open, which must not wait for a second connection.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        if table not in self._columns:
            own = self.table(table)
            rows = (read or self.fetch)(text(COLUMNS[self.dialect]), {"table": own if self.is_sqlite else quoted(own)})
            self._columns[table] = frozenset(row[0] for row in rows)
        return self._columns[table]

    def table(self, name: str) -> str:
        """Give the database's own name of a table of the contract, with its schema where the settings name one."""
        return (self.settings.tables or {}).get(name, name)

    @cached_property
    def finds_retries(self) -> bool:
        """Whether an index tells what retried a run, so that a list can afford to ask.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return bool(self._ask_catalogue(RETRY_INDEX[self.dialect]))

    @cached_property
    def has_order(self) -> bool:
        """Whether SQLite has an index with the order of the lists; PostgreSQL is not asked.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return self.is_sqlite and bool(self._ask_catalogue(ORDER_INDEX))

    @cached_property
    def leading(self) -> frozenset[str]:
        """Columns of runs for each of which an index leads to the newest runs with a value.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return frozenset(row[0] for row in self._ask_catalogue(LEADING[self.dialect]))

    def _ask_catalogue(self, question: str) -> Rows:
        """Ask about the table of runs by the name that the database has for it."""
        own = self.table("operation_runs")
        return self.fetch(text(question), {"table": own if self.is_sqlite else quoted(own)})

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Open one transaction that only reads, for several questions that belong together."""
        with self._explained(), self.reader.begin() as connection:
            yield connection

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """Open one transaction that may write: committed at the end, rolled back on any error.

        Raises
        ------
        OutcomeUnknown
            If the connection was lost while it was being committed.
        DatabaseUnavailable
            If the database cannot do it; nothing was changed.
        """
        with self._explained(changing=True), self.writer.connect() as connection, connection.begin() as transaction:
            yield connection
            self._commit(transaction)

    def _commit(self, transaction: Transaction) -> None:
        try:
            transaction.commit()
        except DBAPIError as error:
            if not was_lost(error):
                raise
            log.warning("database %s: %s", self.name, for_log(error))
            raise unknown_outcome(self.name) from error

    def close(self) -> None:
        """Give every connection back."""
        for name in ("reader", "writer", "_tolerant_reader"):
            if name in self.__dict__:
                self.__dict__.pop(name).dispose()

    @cached_property
    def reader(self) -> Engine:
        """The engine of lists and detail; the database itself refuses it any write."""
        return self._engine(read_only=True)

    @property
    def write_time(self) -> Callable[[datetime], Any]:
        """What writes a time in the form that an SQLite file has; opsnb's own while it holds no run.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot be opened.
        """
        if not hasattr(self.reader.dialect, "write_time"):
            with self._explained(), self.reader.connect():
                pass  # which tells, see `opsnb.sqlitetimes`
        return time_writer(self.reader.dialect)

    @cached_property
    def writer(self) -> Engine:
        """The engine of triage, init and load; on SQLite it takes the write lock at BEGIN."""
        return self._engine(read_only=self.read_only)

    @cached_property
    def _tolerant_reader(self) -> Engine:
        engine = self._engine(read_only=True)
        event.listen(engine, "connect", replace_bad_utf8)
        return engine

    @contextmanager
    def _explained(self, *, changing: bool = False) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            log.warning("database %s: %s", self.name, for_log(error))
            raise explain(error, self.name, self.url, setting=self.setting, changing=changing) from error

    def _engine(self, *, read_only: bool) -> Engine:
        make = sqlite_engine if self.is_sqlite else postgresql_engine
        engine = make(self.url, self.settings, read_only)
        rename(engine, self.settings.tables or {})
        return engine
