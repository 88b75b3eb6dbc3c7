"""Compares owners, row security and rules of the tables with what the printed SQL leaves."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import ACTIVE, TABLES, Place

# The policies as PostgreSQL prints them.
_OWN_ROW = '(( SELECT (NOT opsnb.bound())) OR (login = (( SELECT SESSION_USER AS "session_user"))::text))'
_READING_ROWS = "( SELECT opsnb.reads() AS reads)"
_POLICIES = {"operation_runs": "opsnb.reads_runs()", "platform_users": _OWN_ROW}
_SECURITY = text("""
    SELECT relrowsecurity, concat_ws(' ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid),
                                         polpermissive, polcmd, polroles::text) AS policy,
      EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polpermissive) AS permissive,
      ARRAY(SELECT quote_ident(rulename) FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN' ORDER BY 1)
        AS rules
    FROM pg_class c LEFT JOIN pg_policy ON polrelid = c.oid AND polname = :policy
    WHERE c.oid = to_regclass(:name)
""")
# Without --owner, the owner of the runs is the one of all.
_OWNERS = text("""
    WITH wanted AS (
      SELECT coalesce(
        (SELECT oid FROM pg_roles WHERE rolname = :owner),
        (SELECT relowner FROM pg_class WHERE oid = to_regclass(:runs))) AS role
    ), owned AS (
      SELECT 'TABLE' AS kind, concat_ws('.', quote_ident(nspname), quote_ident(relname)) AS name, relowner AS owner
      FROM unnest(CAST(:names AS text[])) AS named CROSS JOIN LATERAL (
        SELECT to_regclass(named) AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass(named))) t
      JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = relnamespace
      UNION ALL SELECT 'SCHEMA', nspname, nspowner FROM pg_namespace WHERE nspname = :gate
    )
    SELECT kind, name, pg_get_userbyid(owner) AS owner, quote_ident(pg_get_userbyid(role)) AS wanted
    FROM owned, wanted WHERE owner <> role ORDER BY kind, name
""")


def wrong_rows(database: Database, place: Place) -> Iterator[str]:
    """Name each table or partition whose owner, row security or rules differ."""
    names = [place.name(table) for table in TABLES]
    given = {"owner": place.owner, "runs": place.name("operation_runs"), "names": names, "gate": gate.SCHEMA}
    for row in database.fetch(_OWNERS, given):
        yield f"{row.name} belongs to {row.owner}: ALTER {row.kind} {row.name} OWNER TO {row.wanted}."
    for table in TABLES:
        yield from _wrong_security(database, table, place.name(table))


def _wrong_security(database: Database, table: str, name: str) -> Iterator[str]:
    row = database.fetch(_SECURITY, {"name": name, "policy": ACTIVE})[0]
    if not row.relrowsecurity:
        yield f"Row security is off on {name}. Apply the gate again."
    wanted = _POLICIES.get(table, _READING_ROWS)
    if row.policy != f"{wanted} {wanted} f * {{0}}":
        yield f"The policy {ACTIVE} on {name} is missing or differs. Apply the gate again."
    if not row.permissive:
        yield f"No policy on {name} lets anybody but its owner see a row. Apply the gate again."
    for rule in row.rules:
        yield f"The rule {rule} on {name} rewrites what the gate is to guard: DROP RULE {rule} ON {name}."
