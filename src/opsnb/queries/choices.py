"""What a filter can be set to: the places there are, and the types and initiators of recent operations."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from opsnb.bounds import is_id
from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.models import operation_runs, tenants, workspaces
from opsnb.queries.conditions import Folded, contains, like
from opsnb.queries.filters import is_name
from opsnb.queries.records import as_text
from opsnb.text import fold, nearest

LIMIT = 50
WINDOW = 10_000
runs = operation_runs.c
_TABLES = {"workspace": workspaces, "tenant": tenants}


class Choice(NamedTuple):
    """One choice: the filter's `value`, the `label` that a person reads, and a `note` that tells namesakes apart."""

    value: str
    label: str
    note: str = ""


def choices(database: Database, catalog: Catalog, name: str, text: str = "") -> list[Choice]:
    """Give at most `LIMIT` choices for a filter whose label contains `text`, compared without case.

    Types and initiators are those of the newest `WINDOW` operations, so that the cost is bounded however long the
    history is.

    Raises
    ------
    BadInput
        If the filter takes free values.
    DatabaseUnavailable
        If the database cannot answer.
    """
    values = {"words": like(text), "limit": LIMIT, "window": WINDOW}
    match name:
        case "workspace":
            return [Choice(f"#{row.id}", as_text(row.name) or "") for row in database.fetch(_workspaces(), values)]
        case "tenant":
            found = database.fetch(_tenants(), values)
            return [Choice(f"#{row.id}", as_text(row.name) or "", as_text(row.workspace) or "") for row in found]
        case "initiator":
            names = [row[0] for row in database.fetch(_recent(runs.initiator_name), values)]
            return [Choice(name, name) for name in names if is_name(name)]
        case "type":
            return _types(database, catalog, text, values)
    raise BadInput(f"There are no choices for the filter {name!r}.")


def _workspaces() -> Select[Any]:
    found = select(workspaces.c.id, workspaces.c.name).where(contains(workspaces.c.name))
    return found.order_by(Folded(workspaces.c.name)).limit(bindparam("limit"))


def _tenants() -> Select[Any]:
    joined = tenants.outerjoin(workspaces, workspaces.c.id == tenants.c.workspace_id)
    columns = select(tenants.c.id, tenants.c.name, workspaces.c.name.label("workspace")).select_from(joined)
    return (
        columns.where(contains(tenants.c.name)).order_by(Folded(tenants.c.name), tenants.c.id).limit(bindparam("limit"))
    )


def _recent(column: Any, *, everything: bool = False) -> Select[Any]:
    newest = select(column.label("value")).order_by(runs.created_at.desc(), runs.id.desc())
    window = newest.limit(bindparam("window")).subquery("newest")
    found = select(window.c.value).distinct().where(window.c.value.is_not(None))
    if everything:
        return found
    return found.where(contains(window.c.value)).order_by(window.c.value).limit(bindparam("limit"))


def _types(database: Database, catalog: Catalog, text: str, values: dict[str, Any]) -> list[Choice]:
    used = {row[0] for row in database.fetch(_recent(runs.type, everything=True), values)}
    labelled = [Choice(type_, catalog.label(type_)) for type_ in used if is_name(type_)]
    wanted = [c for c in labelled if fold(text) in fold(c.label) or fold(text) in fold(c.value)]
    return sorted(wanted, key=lambda choice: (fold(choice.label), choice.value))[:LIMIT]


def check_place(database: Database, name: str, wanted: str) -> None:
    """Refuse the name of a workspace or tenant that does not exist.

    Raises
    ------
    BadInput
        With the nearest name there is.
    """
    table = _TABLES[name]
    if database.fetch(select(table.c.id).where(table.c.name == bindparam("name")).limit(1), {"name": wanted}):
        return
    names = [as_text(row[0]) or "" for row in database.fetch(select(table.c.name).limit(5000))]
    raise BadInput(f"There is no {name} named {wanted!r}.{nearest(wanted, names)}")


def label_of(database: Database, name: str, number: int) -> str:
    """Give the name of a workspace or tenant by its number.

    Raises
    ------
    BadInput
        If there is none.
    """
    table = _TABLES[name]
    named = select(table.c.name).where(table.c.id == bindparam("number"))
    found = database.fetch(named, {"number": number}) if is_id(number) else ()
    if not found:
        raise BadInput(f"There is no {name} with the number {number}.")
    return as_text(found[0][0]) or ""
