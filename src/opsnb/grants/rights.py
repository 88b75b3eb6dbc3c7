"""Compares the rights of everybody, the groups, their members and the other roles of these with those wanted."""

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
{gate.REACH}, ours AS (
  SELECT oid, relname, relowner, relacl, n.nspname FROM pg_class c
  JOIN (SELECT oid AS noid, nspname FROM pg_namespace) n ON n.noid = c.relnamespace
  WHERE oid = ANY (:oids) OR oid IN (SELECT relid FROM unnest(:oids) AS whole, pg_partition_tree(whole::regclass))
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
  privilege_type AS right, is_grantable, (
    SELECT min(m.rolname) FROM pg_roles m JOIN member USING (oid)
    WHERE m.rolcanlogin AND r.oid NOT IN (SELECT oid FROM member) AND pg_has_role(m.oid, r.oid, 'MEMBER')) AS through
FROM acl CROSS JOIN LATERAL aclexplode(acl) AS x LEFT JOIN pg_roles r ON r.oid = x.grantee
WHERE x.grantee <> own AND (x.grantee = 0 OR x.grantee IN (SELECT oid FROM reach))
"""


# The rights that tables come with: a partition, or a table that takes the place of one of these.
_DEFAULTS = f"""
{gate.REACH}
SELECT DISTINCT pg_get_userbyid(defaclrole) AS role, coalesce(r.rolname, 'PUBLIC') AS holder, privilege_type AS right,
  coalesce(' IN SCHEMA ' || quote_ident(nspname), '') AS place
FROM pg_default_acl JOIN pg_roles o ON o.oid = defaclrole JOIN pg_class t ON t.oid = ANY (:oids)
CROSS JOIN LATERAL aclexplode(defaclacl) AS x
LEFT JOIN pg_roles r ON r.oid = x.grantee LEFT JOIN pg_namespace n ON n.oid = defaclnamespace
WHERE defaclobjtype = 'r' AND (o.rolsuper OR defaclrole = relowner)
  AND (defaclnamespace = 0 OR nspname = ANY (:schemas))
  AND x.grantee <> defaclrole AND (x.grantee = 0 OR x.grantee IN (SELECT oid FROM reach)) ORDER BY 1, 2, 3
"""
_GENERAL = ("schema", "database")
_APPLIED = ("PUBLIC", gate.VIEWER, gate.OPERATOR)


def wrong_rights(database: Database, place: Place) -> Iterator[str]:
    """Name each right that is there and should not be, or should be and is not."""
    given: dict[str, Any] = {"gate": gate.SCHEMA, "oids": _oids(database, place)}
    given["schemas"] = [*place.schemas, gate.SCHEMA]
    wanted, found = {*_wanted(place)}, {*_found(database, given)}
    for right in sorted(wanted - found):
        yield f"{right.holder} may not {_words(right)}, and should. Apply the gate again."
    for right in sorted(found - wanted):
        if not (right.holder == "PUBLIC" and right.right in _HARMLESS and right.thing.split()[0] in _GENERAL):
            remedy = "Apply the gate again." if right.holder in _APPLIED else "REVOKE it."
            yield f"{right.holder} may {_words(right)}, and should not. {remedy}"
    for row in database.fetch(text(_DEFAULTS), given):
        yield (
            f"{row.holder} may {row.right} each table that {row.role} creates later: ALTER DEFAULT PRIVILEGES"
            f" FOR ROLE {row.role}{row.place} REVOKE {row.right} ON TABLES FROM {row.holder}."
        )


def _words(right: Right) -> str:
    return f"{right.right} {right.thing}" + (f" ({right.column})" if right.column else "")


def _oids(database: Database, place: Place) -> list[int]:
    names = [place.name(table) for table in TABLES]
    statement = text("SELECT to_regclass(named)::oid::bigint FROM unnest(CAST(:names AS text[])) AS named")
    return [row[0] for row in database.fetch(statement, {"names": names})]


def _found(database: Database, given: dict[str, Any]) -> Iterator[Right]:
    for row in database.fetch(text(_STATEMENT), given):
        holder = f"{row.holder}, a role of {row.through}," if row.through else row.holder
        right = Right(f"{row.kind} {row.name}".strip(), row.col, holder, row.right)
        yield right
        if row.is_grantable:
            yield right._replace(right=f"pass on {row.right}")


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
