"""Which filter leads to few runs, so that those alone are looked at: no planner knows that of each value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Select, Text, bindparam, func, literal_column, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from opsnb.database import Database
from opsnb.models import operation_runs
from opsnb.queries.conditions import condition

FEW = 500
Lead = tuple[str, ...]
_COLUMNS = {
    "workspace_id": "workspace_id",
    "tenant_id": "tenant_id",
    "platform": "tenant_id",
    "type": "type",
    "types": "type",
    "initiator": "initiator_name",
}
SAID = {"said_types": "type", "said_initiators": "initiator_name", "said_tenants": "tenant_id", "number": "id"}
_LEADS = _COLUMNS.keys() | SAID.keys()
_SEVERAL = {"types", *SAID}
# A column of types may be an enum, which is compared with no text of an array.
_ARRAYS: dict[str, Any] = {"said_initiators": Text, "said_tenants": BigInteger}


def find_few(database: Database, names: frozenset[str], values: Mapping[str, Any]) -> list[int] | None:
    """Give the numbers of all runs that one of the set filters lets through, if these are at most `FEW`; else None.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    if not names & _LEADS:
        return None
    dialect = database.dialect
    leads = _leads(names, database.leading | {"id"}, dialect)
    if not leads:
        return None
    values = {**values, **{f"{name}_array": list(values[name]) for name in names & _ARRAYS.keys()}}
    (counts,) = database.fetch(_counts(leads, dialect), values)
    fewest, lead = min(zip(counts, leads, strict=True))
    return [number for (number,) in database.fetch(_led_by(lead, dialect), values)] if fewest <= FEW else None


def _leads(names: frozenset[str], leading: frozenset[str], dialect: str) -> tuple[Lead, ...]:
    found: list[Lead] = [(name,) for name in sorted(names & _COLUMNS.keys()) if _COLUMNS[name] in leading]
    said = tuple(sorted(names & SAID.keys()))
    if said and "words" not in names and all(SAID[name] in leading for name in said):
        found.append(said)
    return tuple(lead for lead in found if dialect == "sqlite" or not {"types", "said_types"} & set(lead))


@lru_cache(maxsize=256)
def _counts(leads: tuple[Lead, ...], dialect: str) -> Select[Any]:
    counted = [select(func.count()).select_from(_led_by(lead, dialect).subquery()).scalar_subquery() for lead in leads]
    return select(*(count.label(f"lead_{at}") for at, count in enumerate(counted)))


@lru_cache(maxsize=256)
def _led_by(lead: Lead, dialect: str) -> Select[Any]:
    """Write the numbers of the runs that any of these filters lets through, no more than tell that they are many."""
    each = [_of(name, operation_runs.alias("lead"), dialect) for name in lead]
    found = each[0] if len(each) == 1 else select(union_all(*(select(one.subquery()) for one in each)).subquery("led"))
    return found.limit(_MORE)


_MORE: Any = literal_column(str(FEW + 1))


def _of(name: str, run: Any, dialect: str) -> Select[Any]:
    if name in _ARRAYS and dialect == "postgresql":
        return _of_each(name, run)
    found = select(run.c.id).where(condition(name, run.c))
    return found if name in _SEVERAL else _newest(found, run)


def _newest(found: Select[Any], run: Any) -> Select[Any]:
    """Let PostgreSQL walk the value's index: what it takes for common may be far from where the table begins."""
    return found.order_by(run.c.created_at.desc(), run.c.id.desc()).limit(_MORE)


def _of_each(name: str, run: Any) -> Select[Any]:
    wanted = (
        func.unnest(bindparam(f"{name}_array", type_=ARRAY(_ARRAYS[name])))
        .table_valued("value", name=name)
        .render_derived()
    )
    of_value = select(run.c.id).where(run.c[SAID[name]] == wanted.c.value)
    found = _newest(of_value, run).correlate(wanted).lateral(f"of_{name}")
    return select(found.c.id).select_from(wanted.join(found, true()))


def sent(database: Database, numbers: Sequence[int]) -> Any:
    """Write numbers of runs as the conditions of a list take them."""
    return json.dumps(numbers) if database.is_sqlite else list(numbers)
