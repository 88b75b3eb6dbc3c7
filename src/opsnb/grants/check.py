"""Holds a live database against the SQL that `opsnb grants` prints, and names each difference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.grants.logins import bypasses
from opsnb.grants.requirements import unmet
from opsnb.grants.rights import wrong_rights
from opsnb.grants.rules import ACTIVE, TABLES, Place
from opsnb.grants.script import script
from opsnb.grants.triggers import wrong_triggers

_FUNCTION = re.compile(r"CREATE OR REPLACE FUNCTION \w+\.(\w+)\(.*? AS \$\$(.*?)\$\$", re.DOTALL)
_CONFIG = ["search_path=pg_catalog, pg_temp", "TimeZone=UTC"]
# The rules of row security as PostgreSQL says them.
_OWN_ROW = '(( SELECT (NOT opsnb.bound())) OR (login = (( SELECT SESSION_USER AS "session_user"))::text))'
_READING_ROWS = "( SELECT opsnb.reads() AS reads)"
_RULES = {"operation_runs": "opsnb.reads_runs()", "platform_users": _OWN_ROW}


def differences(database: Database, place: Place) -> list[str]:
    """Name what in a database is not as the gate has it, one sentence each; nothing where all of it is.

    Raises
    ------
    BadInput
        If it is no PostgreSQL database.
    DatabaseUnavailable
        If it cannot be read.
    """
    if database.is_sqlite:
        raise BadInput("The gate is PostgreSQL's; on SQLite the permissions of the file are the boundary.")
    absent = [*_absent(database, place)]
    if absent:
        return absent
    found = (unmet, _functions, wrong_triggers, _rows, wrong_rights, bypasses)
    return [difference for look in found for difference in look(database, place)]


def _absent(database: Database, place: Place) -> Iterator[str]:
    roles = {row[0] for row in database.fetch(text("SELECT rolname FROM pg_roles"))}
    yield from (f"There is no role {name}." for name in (gate.VIEWER, gate.OPERATOR) if name not in roles)
    if place.owner and place.owner not in roles:
        yield f"There is no role {place.owner}."
    schemas = {row[0] for row in database.fetch(text("SELECT nspname FROM pg_namespace"))}
    yield from (f"There is no schema {name}." for name in (*place.schemas, gate.SCHEMA) if name not in schemas)
    for table in TABLES:
        if not database.fetch(text("SELECT to_regclass(:name)"), {"name": place.name(table)})[0][0]:
            yield f"There is no table {place.name(table)}."


def _functions(database: Database, place: Place) -> Iterator[str]:
    wanted = dict(_FUNCTION.findall(script(place)))
    statement = text("""
        SELECT proname AS name, prosrc, prosecdef, coalesce(proconfig, '{}') AS config, proowner = relowner AS owned
        FROM pg_proc, pg_class WHERE pronamespace = to_regnamespace(:gate) AND pg_class.oid = to_regclass(:runs)
    """)
    found = database.fetch(statement, {"gate": gate.SCHEMA, "runs": place.name("operation_runs")})
    names = [row.name for row in found]
    yield from (f"The function {gate.SCHEMA}.{name} is missing." for name in wanted if name not in names)
    for row in found:
        full = f"{gate.SCHEMA}.{row.name}"
        if row.name not in wanted or names.count(row.name) > 1:
            yield f"The function {full} is not of the gate, or there is another of its name."
        elif row.prosrc != wanted[row.name] or not row.prosecdef or row.config != _CONFIG:
            yield f"The function {full} differs from what opsnb grants prints with these settings."
        if not row.owned:
            yield f"The function {full} belongs to somebody else than the owner of the tables."


def _rows(database: Database, place: Place) -> Iterator[str]:
    statement = text("""
        SELECT relrowsecurity, concat_ws(' ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid),
                                         polpermissive, polcmd, polroles::text) AS policy
        FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid AND polname = :policy
        WHERE pg_class.oid = to_regclass(:name)
    """)
    for table in TABLES:
        name = place.name(table)
        row = database.fetch(statement, {"name": name, "policy": ACTIVE})[0]
        if not row.relrowsecurity:
            yield f"Row security is off on {name}."
        rule = _RULES.get(table, _READING_ROWS)
        if row.policy != f"{rule} {rule} f * {{0}}":
            yield f"The policy {ACTIVE} on {name} is missing or differs."
