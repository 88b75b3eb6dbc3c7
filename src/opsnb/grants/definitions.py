"""Compares the event trigger that keeps the groups from changing definitions, and names what it cannot stop."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import Place, refuse_ddl_body

_LIVE = text("""
    SELECT evtenabled, evtevent = 'ddl_command_start' AND evttags IS NULL AND evtfoid = to_regprocedure(:function)
        AND lanname = 'plpgsql' AND NOT prosecdef AND proconfig = ARRAY['search_path=pg_catalog, pg_temp'] AS same,
      prosrc, rolname AS owner, rolsuper
    FROM pg_event_trigger JOIN pg_proc p ON p.oid = evtfoid JOIN pg_language l ON l.oid = prolang
    JOIN pg_roles r ON r.oid = proowner WHERE evtname = :name
""")
# PostgreSQL 17 and newer have a setting that turns event triggers off, for superusers or whoever is given it.
_TURNED_OFF = text("""
    SELECT CASE WHEN setrole = 0 AND setdatabase <> 0 THEN '' ELSE 'ROLE ' || coalesce(quote_ident(rolname), 'ALL') END
      || coalesce(' IN DATABASE ' || quote_ident(datname), '') AS place
    FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND EXISTS (SELECT FROM unnest(setconfig) AS s WHERE s LIKE 'event_triggers=%' AND s <> 'event_triggers=on')
    ORDER BY 1
""")
_MAY_TURN_OFF = text(f"""
    {gate.MEMBERS}
    SELECT quote_ident(rolname) AS rolname FROM pg_roles r JOIN member USING (oid)
    WHERE NOT rolsuper AND has_parameter_privilege(r.oid, 'event_triggers', 'SET') ORDER BY 1
""")
_OTHER_DATABASES = text(f"""
    {gate.MEMBERS}
    SELECT string_agg(DISTINCT quote_ident(datname), ', ' ORDER BY quote_ident(datname)) AS names
    FROM pg_database d, pg_roles r JOIN member USING (oid)
    WHERE datallowconn AND datname <> current_database() AND rolcanlogin AND NOT rolsuper
      AND has_database_privilege(r.oid, d.oid, 'CONNECT')
""")
_SMALL_NUMBERS = text("""
    SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(:runs) AND attname = 'id' AND atttypid <> 'bigint'::regtype
      AND pg_get_serial_sequence(attrelid::regclass::text, 'id') IS NOT NULL
""")
_INSTALLED = text("SELECT 1 FROM pg_namespace WHERE nspname = :gate")
_OPEN = "any member of the groups can hold up all reading and writing of operations, by CREATE RULE for example"
_AGAIN = "Let a superuser apply the gate again."


def wrong_definitions(database: Database, place: Place) -> Iterator[str]:
    """Name what is wrong with the event trigger; where no superuser can be had it may be missing."""
    given = {"name": gate.DDL, "function": f"{gate.REFUSE_DDL}()"}
    found = database.fetch(_LIVE, given)
    if not found and place.superuser:
        yield (
            f"The event trigger {gate.DDL} is missing, and {_OPEN}."
            " Let a superuser apply the gate, or check --without-superuser where there is none."
        )
    for row in found:
        if not row.same or row.prosrc != refuse_ddl_body(place):
            yield f"The event trigger {gate.DDL} or its function differs from what opsnb grants prints. {_AGAIN}"
        elif row.evtenabled != "A":
            yield f"The event trigger {gate.DDL} is not enabled always, and {_OPEN}. {_AGAIN}"
        if not row.rolsuper:
            yield f"{gate.REFUSE_DDL} belongs to {row.owner}, who could run anything as a superuser with it. {_AGAIN}"
    yield from _settings(database)


def _settings(database: Database) -> Iterator[str]:
    for row in database.fetch(_TURNED_OFF):
        place_of_it = row.place.removeprefix(" IN ")
        yield f"A setting turns event triggers off, and {_OPEN}: ALTER {place_of_it} RESET event_triggers."
    if database.fetch(text("SELECT current_setting('event_triggers', true)"))[0][0] is not None:
        for row in database.fetch(_MAY_TURN_OFF):
            yield f"{row.rolname} may turn event triggers off: REVOKE SET ON PARAMETER event_triggers."


def limits(database: Database, place: Place) -> list[str]:
    """Name what the gate cannot stop on this server, one sentence each; none of it is a difference."""
    if database.is_sqlite or not database.fetch(_INSTALLED, {"gate": gate.SCHEMA}):
        return []
    return [*_limits(database, place)]


def _limits(database: Database, place: Place) -> Iterator[str]:
    installed = database.fetch(text("SELECT 1 FROM pg_event_trigger WHERE evtname = :name"), {"name": gate.DDL})
    if not place.superuser and not installed:
        yield f"Without the event trigger that only a superuser can make, {_OPEN}; end such a session by its pid."
    if int(database.fetch(text("SELECT current_setting('max_prepared_transactions')"))[0][0]):
        yield "max_prepared_transactions is not 0: a member can leave locks behind that outlive every session."
    others = database.fetch(_OTHER_DATABASES)[0][0]
    if others:
        yield (
            "Members can connect to other databases, where no event trigger keeps them from holding up the whole server"
            f" by CREATE RULE on a shared catalog: REVOKE CONNECT ON DATABASE {others} FROM PUBLIC."
        )
    if database.fetch(_SMALL_NUMBERS, {"runs": place.name("operation_runs")}):
        yield f"{place.name('operation_runs')}.id is no bigint: an operator can use up its numbers with nextval()."
