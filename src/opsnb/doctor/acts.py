"""Whether operations can be read, and whether triage could act on them: asked of the planner, so nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, event, insert

from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.doctor.catalog import columns, relation, required_behind
from opsnb.doctor.findings import Finding, ok, problem, warning
from opsnb.errors import DatabaseUnavailable
from opsnb.gate import RETRY_COLUMNS
from opsnb.links import LISTS
from opsnb.models import audit_logs, operation_runs
from opsnb.names import quoted
from opsnb.queries.lists import Shape, page_statement
from opsnb.queries.rights import fetch_rights
from opsnb.queries.run_page import TITLES
from opsnb.queries.stuck_in_sql import parameters
from opsnb.stuck import Classifier
from opsnb.triage import statements

Ask = Callable[[Connection], object]
AUDITED = tuple(column.name for column in audit_logs.columns if column.name != "id")


def reading(database: Database) -> Iterator[Finding]:
    """Say which lists can be read."""
    classifier = Classifier.build(Catalog.from_settings(database.settings), database.settings)
    for page in LISTS:
        shape = Shape(page, frozenset(), (), (), classifier, database.dialect)
        values = {"limit": 1, **parameters(classifier, datetime.now(UTC), database.dialect, database.write_time)}
        refusal = _refusal(database, lambda c, s=shape, v=values: c.execute(page_statement(s), v))  # type: ignore[misc]
        if refusal:
            yield problem(f"{TITLES[page]} cannot be read: {refusal}", "Ask the database's owner.")
        else:
            yield ok(f"{TITLES[page]} can be read.")


def acting(database: Database) -> Iterator[Finding]:
    """Say which of the three acts could be done, and what stands in the way of the others."""
    rights = fetch_rights(database)
    bound = rights is not None and rights.bound  # then the gate writes the audit
    blocked = "" if bound else _refusal(database, _audit) or _required(database, audit_logs.name, AUDITED)
    for name, ask in _acts(database.dialect).items():
        refusal = blocked or _refusal(database, ask)
        if name == "Retry" and not refusal:
            refusal = _required(database, operation_runs.name, RETRY_COLUMNS)
        if refusal:
            yield warning(f"{name} would be refused: {refusal}", "Ask the database's owner.")
        else:
            yield ok(f"{name} would work.")


def _acts(dialect: str) -> dict[str, Ask]:
    now = datetime.now(UTC)
    retry = {"id": 0, "by": "", "now": now, "triage": "{}"}
    cancel = {"run_id": 0, "now": now, "mark": "{}"}
    locked: Ask = lambda c: c.execute(statements.one(dialect, lock=True), {"id": 0})  # noqa: E731
    return {
        "Retry": lambda c: (locked(c), c.execute(statements.queue_retry(dialect, ()), retry)),
        "Cancel": lambda c: (locked(c), c.execute(statements.finish_canceled(dialect), cancel)),
        "Mark investigated": lambda c: (
            locked(c),
            c.execute(statements.mark_investigated(dialect), {"run_id": 0, "mark": "{}"}),
        ),
    }


def _audit(connection: Connection) -> object:
    row: dict[str, Any] = dict.fromkeys(AUDITED, None)
    row |= {"action": "", "resource_type": "", "status": "success", "metadata": {}, "recorded_at": datetime.now(UTC)}
    return connection.execute(insert(audit_logs).inline(), row)


def _refusal(database: Database, ask: Ask) -> str:
    """Let the database plan what `ask` executes; give its objection."""
    try:
        with database.look() as connection:
            event.listen(connection, "before_cursor_execute", _explain, retval=True)
            ask(connection)
    except DatabaseUnavailable as error:
        return str(error)
    return ""


def _explain(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> Any:
    return f"EXPLAIN {statement}", parameters


def _required(database: Database, table: str, given: tuple[str, ...]) -> str:
    """Name a column of `table` that must have a value where opsnb gives it none."""
    with database.look() as connection:
        behind = relation(database, connection, table)
        if database.is_sqlite:
            required = [column.name for column in columns(database, connection, table) if column.required]
            known = set(given)
        else:
            required = required_behind(connection, quoted(database.table(table)))
            known = {behind.columns.get(name, "") for name in given} | {*given} if behind else {*required}
    missing = [name for name in required if name not in known and quoted(name) not in known]
    return f"the column {missing[0]} of {table} must have a value, and opsnb has none for it." if missing else ""
