"""How a database means to find what it is asked for: the plans of the statements that are really sent."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from opsnb.database import Database
from opsnb.links import Page
from opsnb.ops import Ops


def plan(database: Database, ask: Callable[[], Any]) -> str:
    """Explain the one statement about runs that `ask` sends, with the values it sends."""
    (steps,) = plans(database, ask)
    return steps


def plans(database: Database, ask: Callable[[], Any], about: str = "operation_runs") -> list[str]:
    """Explain each statement about runs, or another table, that `ask` sends."""
    ask()  # what is asked once, such as which indexes there are, is known from here on
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if about in statement:
            sent.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", note)
    ask()
    event.remove(database.reader, "before_cursor_execute", note)
    return [_explain(database, *one) for one in sent]


def _explain(database: Database, statement: str, parameters: Any) -> str:
    word = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.reader.connect() as connection:
        rows = connection.exec_driver_sql(word + statement, parameters).all()
    if database.is_sqlite:  # the page itself is a step below the join that gives its rows their names
        return "\n".join(f"{'  ' * (row.parent > 0)}{row.detail}" for row in rows)
    return "\n".join(row[0] for row in rows)


def assert_walks(steps: str, index: str, table: str = "operation_runs") -> None:
    """Hold a plan to walking an index of a table in its order."""
    assert index in steps, steps
    assert not re.search(rf"Seq Scan on {table}|SCAN {table}(?! USING)", steps), steps
    # The rows of the page may be sorted once more when they have their names; the history may not.
    within = steps[steps.index("Limit") :] if "Limit" in steps else "\n".join(re.findall(r"^  .*", steps, re.MULTILINE))
    assert within
    assert not re.search(r"\bSort\b|TEMP B-TREE", within), steps


def turns(ops: Ops, page: Page, **wanted: Any) -> dict[str, Callable[[], Any]]:
    """Give the ways to ask for a page of a list: the first, the one after it and the one before that."""
    first = ops.read_list(page, limit=20, **wanted)
    second = ops.read_list(page, limit=5, after=first.next, **wanted)
    return {
        "first": lambda: ops.read_list(page, limit=5, **wanted),
        "after": lambda: ops.read_list(page, limit=5, after=first.next, **wanted),
        "before": lambda: ops.read_list(page, limit=5, before=second.previous, **wanted),
    }
