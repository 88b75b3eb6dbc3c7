"""Statements that come again and again: compiled once, and sent by the driver itself.

What SQLAlchemy does for each execution takes longer than the database takes for a page of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import lru_cache
from operator import itemgetter
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Select, TextClause, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from opsnb.failures import READ_ONLY_STATE

Rows = Sequence[Sequence[Any]]
timings: list[Callable[[float, bool], None]] = []  # told the seconds that the driver took, and whether that failed
Statement = Select[Any] | TextClause | Insert | Update
ANEW = "anew"  # the execution option of a statement that is to be planned for its values each time


class Prepared:
    """A statement as one dialect says it, and how its values are written.

    Attributes
    ----------
    text
        What the driver is sent; where values are lists, only what `sent` makes it for each.
    options
        What the driver is told beside text and values.
    cursor
        Makes what takes such a text of a connection.
    """

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=_raw(dialect))
        self.text = compiled.string
        # PostgreSQL would keep one plan for common and rare values alike.
        anew = statement.get_execution_options().get(ANEW, False)
        self.options = {"prepare": not anew} if dialect.name == "postgresql" else {}
        self.cursor = _raw_cursor if dialect.name == "postgresql" else _cursor
        self._own = compiled.params
        # A list of values is written out: the text depends on how many they are.
        self._expand: Any = compiled.construct_expanded_state if compiled.post_compile_params else None
        self._write: dict[str, Callable[[Any], Any] | None] = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for bind, name in compiled.bind_names.items()
        }
        self._in_order = _getter(compiled.positiontup or ())

    def sent(self, given: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """Give the text for these values, and the values in the form that the driver takes with it."""
        if self._expand is not None:
            return self._with_lists(given)
        written = dict(self._own)
        for name in self._write.keys() & given.keys():
            write = self._write[name]
            written[name] = given[name] if write is None else write(given[name])
        return self.text, self._in_order(written)

    def _with_lists(self, given: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        own = self._own | {name: given[name] for name in self._own.keys() & given.keys()}
        state = self._expand(own)
        values, writing = own | state.additional_parameters, self._write | state.processors
        write = (writing.get(name) for name in state.positiontup)
        ordered = (values[name] for name in state.positiontup)
        return state.statement, tuple(one if way is None else way(one) for way, one in zip(write, ordered, strict=True))


@lru_cache(maxsize=2048)
def prepared(statement: Statement, dialect: Dialect) -> Prepared:
    """Give a statement as a dialect says it; of one object that is kept, always the same."""
    return Prepared(statement, dialect)


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda written: tuple(written[name] for name in names)


def _raw(dialect: Dialect) -> Dialect:
    """Give the dialect whose text the driver takes as it is: finding the places of values takes longer than a page."""
    if dialect.name != "postgresql":
        return dialect
    raw: Any = copy(dialect)
    raw.paramstyle, raw.positional = "numeric_dollar", True
    raw.identifier_preparer = raw.preparer(raw)  # which doubles a percent sign for other styles
    return raw  # type: ignore[no-any-return]


def _raw_cursor(connection: PoolProxiedConnection) -> Any:
    from psycopg import RawCursor  # PostgreSQL's driver need not be there

    raw: Any = connection.dbapi_connection
    return RawCursor(raw)


def _cursor(connection: PoolProxiedConnection) -> Any:
    return connection.cursor()


def ask(engine: Engine, asked: Prepared, given: Mapping[str, Any]) -> Rows:
    """Read rows by the driver, in a transaction that the database makes for the one statement.

    Raises
    ------
    SQLAlchemyError
        As from SQLAlchemy's own way. After a lost connection the pool is a new one.
    """
    sent = asked.sent(given)
    try:
        raw = engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:
        raise _wrapped(engine.dialect, asked, error, lost=False) from error
    try:
        return _fetched(engine, raw, asked, sent, raw.invalidate)
    finally:
        raw.close()


def ask_within(connection: Connection, statement: Statement, given: Mapping[str, Any]) -> Rows:
    """Read or write rows by the driver, within the transaction of `connection`; `statement` is an object that is kept.

    Of rows that were written and that the statement does not return, each is empty.

    Raises
    ------
    SQLAlchemyError
        As from SQLAlchemy's own way.
    """
    asked = prepared(statement, connection.dialect)
    if connection.engine.dispatch.before_cursor_execute:
        done: Any = connection.execute(statement, given)
        return done.all() if done.returns_rows else [()] * done.rowcount
    if not connection.in_transaction():
        connection.begin()
    return _fetched(connection.engine, connection.connection, asked, asked.sent(given), connection.invalidate)


def _fetched(
    engine: Engine,
    raw: PoolProxiedConnection,
    asked: Prepared,
    sent: tuple[str, Any],
    drop: Callable[[BaseException], None],
) -> Rows:
    began, failed = perf_counter(), True
    try:
        cursor = asked.cursor(raw)
        cursor.execute(*sent, **asked.options)
        found: Rows = cursor.fetchall() if cursor.description else [()] * cursor.rowcount
        failed = False
    except Exception as error:
        lost = engine.dialect.is_disconnect(error, raw.dbapi_connection, None)  # type: ignore[arg-type]
        lost = lost or getattr(error, "sqlstate", None) == READ_ONLY_STATE  # as `opsnb.engines` takes it
        if lost:
            drop(error)
            engine.dispose()  # the others of the pool are no better
        raise _wrapped(engine.dialect, asked, error, lost=lost) from error
    finally:
        for tell in timings:
            tell(perf_counter() - began, failed)
    return found


def _wrapped(dialect: Dialect, asked: Prepared, error: Exception, *, lost: bool) -> SQLAlchemyError:
    return DBAPIError.instance(
        asked.text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=lost,
        dialect=dialect,
    )  # fmt: skip
