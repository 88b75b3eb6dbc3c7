"""Names the logins of the gate's groups that could go around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import Place

_STATEMENT = f"""
{gate.REACH}, held AS (
  SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper, g.oid AS role, g.rolname AS role_name,
    g.rolsuper AS role_super, g.rolbypassrls, g.rolcreaterole, g.rolreplication
  FROM pg_roles r JOIN member USING (oid) JOIN reach h ON pg_has_role(r.oid, h.oid, 'MEMBER')
  JOIN pg_roles g ON g.oid = h.oid
)
SELECT rolname, rolcanlogin, rolsuper, bool_or(role = t.relowner AND role = held.oid) AS owns,
  bool_or(role = t.relowner AND role <> held.oid) AS member_of_owner,
  coalesce(min(role_name) FILTER (WHERE role_super AND role <> held.oid), '') AS superuser,
  bool_or(rolbypassrls) AS rolbypassrls, bool_or(rolcreaterole) AS rolcreaterole,
  bool_or(rolreplication) AS rolreplication,
  array_remove(array_agg(role_name::text ORDER BY role_name) FILTER (WHERE role_name LIKE 'pg\\_%'), NULL) AS powers,
  EXISTS (SELECT FROM pg_database WHERE datname = current_database()
          AND pg_has_role(held.oid, datdba, 'MEMBER')) AS owns_database,
  ARRAY(SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = ANY (:schemas)
        AND pg_has_role(held.oid, nspowner, 'MEMBER') ORDER BY 1) AS schemas,
  ARRAY(SELECT DISTINCT given.rolname::text FROM pg_auth_members m JOIN pg_roles given ON given.oid = m.roleid
        WHERE admin_option AND given.rolname IN ('{gate.VIEWER}', '{gate.OPERATOR}')
        AND pg_has_role(held.oid, m.member, 'MEMBER') ORDER BY 1) AS administered
FROM held CROSS JOIN pg_class t WHERE t.oid = to_regclass(:runs)
GROUP BY held.oid, rolname, rolcanlogin, rolsuper ORDER BY rolname
"""
# Of PostgreSQL's own groups, those that only let somebody look at the server's state.
_MILD = {"pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"}
_FLAGS = {
    "rolbypassrls": "bypasses row security",
    "rolcreaterole": "may create roles",
    "rolreplication": "may replicate, and so read everything",
    "owns_database": "owns the database or is a member of who does",
}
_REMEDY = "Take that away, or the groups."


def bypasses(database: Database, place: Place) -> Iterator[str]:
    """Name each member of the groups that the gate does not hold, and why."""
    if not database.fetch(text(f"SELECT pg_has_role('{gate.OPERATOR}', '{gate.VIEWER}', 'USAGE')"))[0][0]:
        yield f"The role {gate.OPERATOR} is not a member of {gate.VIEWER}. Apply the gate again."
    given = {"runs": place.name("operation_runs"), "schemas": [*place.schemas, gate.SCHEMA]}
    for row in database.fetch(text(_STATEMENT), given):
        name = f"The login {row.rolname}" if row.rolcanlogin else f"The role {row.rolname}"
        if row.rolsuper:
            yield f"{name} is a superuser: nothing holds it. {_REMEDY}"
            continue
        yield from (f"{name} {words}. {_REMEDY}" for words in _ways(row, place.name("operation_runs")))


def _ways(row: Any, runs: str) -> Iterator[str]:
    if row.owns:
        yield f"owns {runs}: the guard does not hold it"
    elif row.member_of_owner:
        yield f"is a member of the owner of {runs}: it can take the gate away"
    if row.superuser:
        yield f"is a member of the superuser {row.superuser}: it can take the gate away"
    yield from (words for flag, words in _FLAGS.items() if getattr(row, flag))
    yield from (f"is a member of {power}" for power in row.powers or () if power not in _MILD)
    yield from (f"owns the schema {schema} or is a member of who does" for schema in row.schemas)
    yield from (f"may make members of {group} (ADMIN OPTION)" for group in row.administered)
