"""Holds a live database against the SQL that `opsnb grants` prints, and names each difference."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.grants.definitions import wrong_definitions
from opsnb.grants.exposures import exposures
from opsnb.grants.functions import wrong_functions
from opsnb.grants.logins import bypasses
from opsnb.grants.requirements import unmet
from opsnb.grants.rights import wrong_rights
from opsnb.grants.rows import wrong_rows
from opsnb.grants.rules import TABLES, Place
from opsnb.grants.triggers import wrong_triggers


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
    found = (unmet, wrong_functions, wrong_triggers, wrong_definitions, wrong_rows, wrong_rights, exposures, bypasses)
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
