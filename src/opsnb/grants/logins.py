"""Names the logins of the gate's groups that could go around it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import Place

_STATEMENT = f"""
{gate.MEMBERS}
SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolreplication,
       r.oid = t.relowner AS owns, pg_has_role(r.oid, t.relowner, 'MEMBER') AS member_of_owner,
       ARRAY(SELECT g.rolname FROM pg_roles g WHERE g.rolname LIKE 'pg\\_%' AND pg_has_role(r.oid, g.oid, 'MEMBER')
             ORDER BY 1) AS powers,
       EXISTS (SELECT FROM pg_roles d JOIN pg_database ON datdba = d.oid
               WHERE datname = current_database() AND pg_has_role(r.oid, d.oid, 'MEMBER')) AS owns_database
FROM pg_roles r JOIN member USING (oid) CROSS JOIN pg_class t WHERE t.oid = to_regclass(:runs) ORDER BY rolname
"""
# Of PostgreSQL's own groups, those that only let somebody look at the server's state.
_MILD = {"pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"}
_FLAGS = {
    "rolbypassrls": "bypasses row security",
    "rolcreaterole": "may create roles",
    "rolreplication": "may replicate, and so read everything",
    "owns_database": "owns the database or is a member of who does",
}


def bypasses(database: Database, place: Place) -> Iterator[str]:
    """Name each member of the groups that the gate does not hold, and why."""
    for row in database.fetch(text(_STATEMENT), {"runs": place.name("operation_runs")}):
        name = f"The login {row.rolname}" if row.rolcanlogin else f"The role {row.rolname}"
        if row.rolsuper:
            yield f"{name} is a superuser: nothing holds it."
            continue
        if row.owns:
            yield f"{name} owns {place.name('operation_runs')}: the guard does not hold it."
        elif row.member_of_owner:
            yield f"{name} is a member of the owner of {place.name('operation_runs')}: it can take the gate away."
        yield from (f"{name} {words}." for flag, words in _FLAGS.items() if getattr(row, flag))
        yield from (f"{name} is a member of {power}." for power in row.powers if power not in _MILD)
