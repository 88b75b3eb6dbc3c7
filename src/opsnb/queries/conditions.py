"""Filters as conditions of a statement and as its parameters; a statement depends only on which filters are set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, cast, false, func, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from opsnb.catalog import Catalog
from opsnb.models import TimeBound, operation_runs, tenants, workspaces
from opsnb.queries.filters import Filters
from opsnb.text import FOLDED

runs = operation_runs.c
# No backslash: SQLAlchemy doubles one where a database's own default is standard_conforming_strings = off.
LIKE_ESCAPE = "!"


def conditions(names: Iterable[str], *, aside: bool = False, said_aside: bool = False) -> list[ColumnElement[bool]]:
    """Give the conditions of the fields of `Filters` named, with open parameters; `status` and `outcome` excepted.

    `aside` keeps SQLite from taking an index for them, where the list has a short one of its own; `said_aside` does so
    for what a search stands for.
    """
    columns, said = _ASIDE if aside else runs, _ASIDE if aside or said_aside else runs
    if "nothing" in names:
        return [false()]
    found = [_CONDITIONS[name](columns) for name in sorted(names) if name in _CONDITIONS]
    searched = [_SEARCHES[name](said) for name in sorted(names) if name in _SEARCHES]
    return [*found, or_(*searched)] if searched else found


def column_for(column: Any, *, aside: bool) -> Any:
    """Give a column as SQLite takes an index for it or, `aside`, does not."""
    return getattr(_ASIDE, column.name) if aside else column


def condition(name: str, columns: Any) -> ColumnElement[bool]:
    """Give the condition of one of those fields on other columns than those of `operation_runs` itself."""
    return (_CONDITIONS | _SEARCHES)[name](columns)


def any_of(column: Any, values: Iterable[str], dialect: str) -> list[ColumnElement[bool]]:
    """Give the condition that a status or outcome is one of `values`, or none where there are none.

    They stand as literals (they come from an enum): SQLite uses a partial index only for a constant it can see.
    """
    wanted = list(values)
    literals = _literals(wanted)
    if len(wanted) != 1:
        return [column.in_(literals)] if wanted else []
    if dialect != "sqlite":  # which concludes it, and would take both for less than either
        return [column == literals[0]]
    # Of the values that have an index of their own SQLite is to see that they are among them.
    among = next((column.in_(_literals(indexed)) for indexed in _INDEXED if wanted[0] in indexed), None)
    return [column == literals[0], *([] if among is None else [among])]


_FILTERED = (runs.id, runs.status, runs.outcome, runs.workspace_id, runs.tenant_id, runs.type, runs.initiator_name)
# The + leaves a value as it is, and its column without an index.
_ASIDE = SimpleNamespace(**{c.name: literal_column(f"+{operation_runs.name}.{c.name}", c.type) for c in _FILTERED})
_INDEXED = (("queued", "running"), ("pending", "partially_succeeded", "blocked"))


def _literals(values: Iterable[str]) -> list[ColumnElement[str]]:
    return [literal_column(f"'{value}'") for value in values]


def parameters(filters: Filters, catalog: Catalog) -> dict[str, Any]:
    """Give the values that `conditions` left open."""
    values = {name: getattr(filters, name) for name in filters.names - {"types"}}
    if filters.type:
        values |= {"type": filters.type[0], "types": filters.type}
    if filters.words:
        values |= {"words": like(filters.words), "labelled": catalog.matching(filters.words)}
    return values


def like(words: str) -> str:
    """Write what a column is compared with that is to contain `words`."""
    return f"%{escape_like(words)}%"


def escape_like(text: str) -> str:
    """Let the wildcards of LIKE stand for themselves, with `LIKE_ESCAPE` before each."""
    for special in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(special, LIKE_ESCAPE + special)
    return text


def _words(_columns: Any) -> ColumnElement[bool]:
    named = select(tenants.c.id).where(contains(tenants.c.name))
    return or_(*_in_own_words(runs), runs.tenant_id.in_(named))


def hits(columns: Any) -> ColumnElement[bool]:
    """Write that a search hits one of few runs: their tenants are looked up one by one, and the others not at all."""
    named: Any = select(literal_column("1")).where(tenants.c.id == columns.tenant_id, contains(tenants.c.name))
    return or_(*_in_own_words(columns), named.correlate(columns.tenant_id.table).exists())


def _in_own_words(columns: Any) -> tuple[ColumnElement[bool], ...]:
    type_ = cast(columns.type, Text)  # a column of an enum type refuses to be compared with what it does not know
    return contains(columns.initiator_name), contains(type_), type_.in_(bindparam("labelled", expanding=True))


def contains(column: Any) -> ColumnElement[bool]:
    """Write that a column contains what is bound as :words, as `like` writes it, compared without case."""
    return Folded(column).like(Folded(bindparam("words")), escape=LIKE_ESCAPE)


class Folded(FunctionElement[str]):
    """Text without case, as `opsnb.text.fold` gives it."""

    type = Text()
    inherit_cache = True


@compiles(Folded)
def _lower(folded: Folded, compiler: SQLCompiler, **more: Any) -> str:
    """Let the server find the lower case, as far as its locale knows letters: in the locale C those of ASCII alone.

    The letters of `FOLDED` are values, since a statement for a database without an encoding must be ASCII.
    """
    expression: ColumnElement[str] = func.lower(*folded.clauses)
    for letter, instead in FOLDED.items():
        expression = func.replace(expression, chr(letter), instead or "")
    return compiler.process(expression, **more)


@compiles(Folded, "sqlite")
def _call(folded: Folded, compiler: SQLCompiler, **more: Any) -> str:
    """Call the function that `opsnb.engines` registers; SQLite itself knows the case of ASCII alone.

    Text that is no longer as bytes is ASCII, and nearly all text is: SQLite folds it ten times as quickly by itself.
    The function takes bytes, for SQLite lets in what is no text.
    """
    text = compiler.process(folded.clauses, **more)
    is_ascii = f"length({text}) = length(CAST({text} AS BLOB))"
    return f"CASE WHEN {is_ascii} THEN lower({text}) ELSE opsnb_fold(CAST({text} AS BLOB)) END"


def _named(column: Any, table: Any, name: str) -> ColumnElement[bool]:
    return column.in_(select(table.c.id).where(table.c.name == bindparam(name)))  # type: ignore[no-any-return]


_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "workspace_id": lambda c: c.workspace_id == bindparam("workspace_id"),
    "workspace_name": lambda c: _named(c.workspace_id, workspaces, "workspace_name"),
    "tenant_id": lambda c: c.tenant_id == bindparam("tenant_id"),
    "tenant_name": lambda c: _named(c.tenant_id, tenants, "tenant_name"),
    "platform": lambda c: c.tenant_id.is_(None),
    "type": lambda c: c.type == bindparam("type"),
    "types": lambda c: c.type.in_(bindparam("types", expanding=True)),
    "initiator": lambda c: c.initiator_name == bindparam("initiator"),
    "since": lambda _: runs.created_at >= bindparam("since", type_=TimeBound()),
    "until": lambda _: runs.created_at < bindparam("until", type_=TimeBound()),
}
_SEARCHES: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "number": lambda c: c.id == bindparam("number"),
    "words": _words,
    "said_types": lambda c: c.type.in_(bindparam("said_types", expanding=True)),
    "said_initiators": lambda c: c.initiator_name.in_(bindparam("said_initiators", expanding=True)),
    "said_tenants": lambda c: c.tenant_id.in_(bindparam("said_tenants", expanding=True)),
}
