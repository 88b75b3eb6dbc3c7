"""Names what lets the gate's groups reach the tables with the rights of somebody else: views and functions."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import TABLES, Place

# A view reads with the rights of its owner, unless it is told to use the caller's; so does a view of that view.
_VIEWS = text(f"""
{gate.REACH}, gated AS (
  SELECT to_regclass(named)::oid AS oid FROM unnest(CAST(:names AS text[])) AS named
  UNION SELECT relid FROM unnest(CAST(:names AS text[])) AS named, pg_partition_tree(to_regclass(named))
), reading AS (
  SELECT oid FROM gated
  UNION SELECT ev_class FROM reading JOIN pg_depend ON refobjid = reading.oid
    AND refclassid = 'pg_class'::regclass AND classid = 'pg_rewrite'::regclass JOIN pg_rewrite r ON r.oid = objid
), views AS (
  SELECT *, concat_ws('.', quote_ident(nspname), quote_ident(relname)) AS name FROM pg_class c
  JOIN (SELECT oid AS space, nspname FROM pg_namespace) n ON space = relnamespace
  WHERE oid IN (SELECT oid FROM reading) AND relkind IN ('v', 'm') AND NOT EXISTS (
    SELECT FROM pg_options_to_table(reloptions) WHERE option_name = 'security_invoker' AND option_value::boolean)
)
SELECT DISTINCT name, relkind, pg_get_userbyid(relowner) AS owner, privilege_type AS right,
  coalesce(quote_ident(rolname), 'PUBLIC') AS holder
FROM views CROSS JOIN LATERAL (
  SELECT * FROM aclexplode(relacl)
  UNION SELECT x.* FROM pg_attribute, aclexplode(attacl) AS x WHERE attrelid = views.oid AND NOT attisdropped
) AS x LEFT JOIN pg_roles ON pg_roles.oid = grantee
WHERE grantee <> relowner AND (grantee = 0 OR grantee IN (SELECT oid FROM reach)) ORDER BY 1, 5, 4
""")
# A function that runs as its owner can do anything that the owner may. Those of extensions are not looked at.
_FUNCTIONS = text(f"""
{gate.REACH}
SELECT p.oid::regprocedure::text AS name, o.rolname AS owner, coalesce(quote_ident(r.rolname), 'PUBLIC') AS holder
FROM pg_proc p JOIN pg_roles o ON o.oid = proowner
CROSS JOIN LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) AS x
LEFT JOIN pg_roles r ON r.oid = grantee
WHERE prosecdef AND p.oid >= 16384 AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND pronamespace IS DISTINCT FROM to_regnamespace(:gate)
  AND grantee <> proowner AND (grantee = 0 OR grantee IN (SELECT oid FROM reach))
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
  AND (o.rolsuper OR o.rolbypassrls OR EXISTS (
    SELECT FROM unnest(CAST(:names AS text[])) AS named JOIN pg_class t ON t.oid = to_regclass(named)
    WHERE pg_has_role(o.oid, relowner, 'MEMBER') OR named <> :runs
      AND has_table_privilege(o.oid, t.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')))
ORDER BY 1, 3
""")


def exposures(database: Database, place: Place) -> Iterator[str]:
    """Name each view and function that a member of the groups, or everybody, may use and that acts as its owner."""
    names = [place.name(table) for table in TABLES]
    for row in database.fetch(_VIEWS, {"names": names}):
        other = "" if row.relkind == "m" else f" or ALTER VIEW {row.name} SET (security_invoker)"
        yield (
            f"{row.holder} may {row.right} {row.name}, a view with the rights of {row.owner} on the tables:"
            f" REVOKE ALL ON {row.name} FROM {row.holder}{other}."
        )
    given = {"names": names, "runs": place.name("operation_runs"), "gate": gate.SCHEMA}
    for row in database.fetch(_FUNCTIONS, given):
        yield (
            f"{row.holder} may EXECUTE {row.name}, which runs with the rights of {row.owner}:"
            f" REVOKE EXECUTE ON FUNCTION {row.name} FROM {row.holder}, or make it SECURITY INVOKER."
        )
