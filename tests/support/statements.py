"""What a database was really asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from opsnb.database import Database
from opsnb.engines import OPENS_TRANSACTION


@contextmanager
def recorded(database: Database) -> Iterator[list[str]]:
    """Collect the statements that go out to `database` for reading; opening a transaction is none."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, _parameters, context, _many):
        if not context.execution_options.get(OPENS_TRANSACTION):
            seen.append(statement)

    event.listen(database.reader, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.reader, "before_cursor_execute", note)
