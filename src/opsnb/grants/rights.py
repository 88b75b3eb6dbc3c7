"""Compares the rights that the groups, everybody and the groups' logins hold with those that they should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import TABLES, Place
from opsnb.models import metadata


class Right(NamedTuple):
    """One right on one thing; `column` is empty where it is on the whole."""

    thing: str
    column: str
    holder: str
    right: str


# What everybody may have: to connect, and to know that a schema is there.
_HARMLESS = ("CONNECT", "USAGE")
# "PUBLIC" is everybody.
_STATEMENT = f"""
{gate.MEMBERS}, ours AS (
  SELECT oid, relname, relowner, relacl, n.nspname FROM pg_class c
  JOIN (SELECT oid AS noid, nspname FROM pg_namespace) n ON n.noid = c.relnamespace WHERE oid = ANY (:oids)
), counter AS (
  SELECT s.oid, t.relname, t.nspname, s.relowner, s.relacl FROM ours t
  JOIN pg_depend d ON d.refobjid = t.oid AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
), acl AS (
  SELECT 'table' AS kind, nspname, relname AS name, '' AS col, relowner AS own, relacl AS acl FROM ours
  UNION ALL SELECT 'table', nspname, relname, attname, relowner, attacl FROM ours JOIN pg_attribute ON attrelid = oid
    WHERE attacl IS NOT NULL AND NOT attisdropped
  UNION ALL SELECT 'sequence', nspname, relname, '', relowner, relacl FROM counter
  UNION ALL SELECT 'schema', NULL, nspname, '', nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
    WHERE nspname = ANY (:schemas)
  UNION ALL SELECT 'database', NULL, NULL, '', datdba, coalesce(datacl, acldefault('d', datdba)) FROM pg_database
    WHERE datname = current_database()
  UNION ALL SELECT 'function', pronamespace::regnamespace::text, proname, '', proowner,
    coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
    WHERE pronamespace = to_regnamespace(:gate)
)
SELECT kind, concat_ws('.', nspname, name) AS name, col, coalesce(r.rolname, 'PUBLIC') AS holder,
       privilege_type AS right
FROM acl CROSS JOIN LATERAL aclexplode(acl) AS x LEFT JOIN pg_roles r ON r.oid = x.grantee
WHERE x.grantee <> own AND (x.grantee = 0 OR x.grantee IN (SELECT oid FROM member))
"""


def wrong_rights(database: Database, place: Place) -> Iterator[str]:
    """Name each right that is there and should not be, or should be and is not."""
    wanted, found = {*_wanted(place)}, {*_found(database, place)}
    for right in sorted(wanted - found):
        yield f"{right.holder} may not {_words(right)}, and should."
    for right in sorted(found - wanted):
        if not (right.holder == "PUBLIC" and right.right in _HARMLESS and right.thing.split()[0] in _GENERAL):
            yield f"{right.holder} may {_words(right)}, and should not."


_GENERAL = ("schema", "database")


def _words(right: Right) -> str:
    return f"{right.right} {right.thing}" + (f" ({right.column})" if right.column else "")


def _found(database: Database, place: Place) -> Iterator[Right]:
    oids = [
        database.fetch(text("SELECT to_regclass(:name)::oid::bigint"), {"name": place.name(table)})[0][0]
        for table in TABLES
    ]
    known: dict[str, Any] = {"gate": gate.SCHEMA, "oids": oids}
    known["schemas"] = [*place.schemas, gate.SCHEMA]
    for row in database.fetch(text(_STATEMENT), known):
        yield Right(f"{row.kind} {row.name}".strip(), row.col, row.holder, row.right)


def _columns(table: str) -> list[str]:
    return [column.name for column in metadata.tables[table].columns]


def _wanted(place: Place) -> Iterator[Right]:
    names = {table: "table " + ".".join(place.parts(table)) for table in TABLES}
    for table, name in names.items():
        yield from (Right(name, column, gate.VIEWER, "SELECT") for column in _columns(table))
    runs = names["operation_runs"]
    yield from (Right(runs, column, gate.OPERATOR, "INSERT") for column in gate.RETRY_COLUMNS)
    yield from (Right(runs, column, gate.OPERATOR, "UPDATE") for column in gate.CHANGED_COLUMNS)
    yield Right(runs.replace("table", "sequence", 1), "", gate.OPERATOR, "USAGE")
    yield from (Right(f"schema {name}", "", gate.VIEWER, "USAGE") for name in {*place.schemas, gate.SCHEMA})
    yield Right("database", "", gate.VIEWER, "CONNECT")
    yield Right(f"function {gate.REFUSE}", "", gate.VIEWER, "EXECUTE")
    yield from (
        Right(f"function {gate.SCHEMA}.{name}", "", "PUBLIC", "EXECUTE") for name in ("bound", "reads", "reads_runs")
    )
