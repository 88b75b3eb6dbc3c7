"""Compares the triggers on the tables with those of the printed SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import Place
from opsnb.grants.script import script

_TRIGGER = re.compile(r"CREATE OR REPLACE TRIGGER (\w+) (.* ON (\S+) .*);")
_OWN = text("""
    SELECT tgname, tgenabled, pg_get_triggerdef(oid) AS definition FROM pg_trigger
    WHERE tgrelid IN (to_regclass(:runs), to_regclass(:users)) AND NOT tgisinternal
""")
# Row triggers are cloned to partitions, where each can be disabled by itself.
_CLONES = text("""
    SELECT concat_ws('.', quote_ident(nspname), quote_ident(relname)) AS part, wanted, tgenabled
    FROM pg_partition_tree(to_regclass(:runs)) AS tree JOIN pg_class c ON c.oid = tree.relid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN unnest(CAST(:wanted AS text[])) AS wanted
    LEFT JOIN pg_trigger ON tgrelid = c.oid AND tgname = wanted AND tgparentid <> 0
    WHERE level > 0 AND tgenabled IS DISTINCT FROM 'A' ORDER BY part, wanted
""")
# Triggers fire in the order of their names. tgtype holds bits: 1 for each row, 2 before, 4 insert, 16 update.
_LATER = text("""
    SELECT quote_ident(tgname) AS name, concat_ws('.', quote_ident(nspname), quote_ident(relname)) AS table, audits
    FROM (SELECT to_regclass(:runs) AS whole, false AS audits UNION ALL SELECT to_regclass(:audit), true) AS named
    CROSS JOIN LATERAL (SELECT whole AS relid UNION SELECT relid FROM pg_partition_tree(whole)) AS tree
    JOIN pg_class c ON c.oid = tree.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_trigger ON tgrelid = c.oid
    WHERE NOT tgisinternal AND tgparentid = 0 AND tgenabled <> 'D' AND tgtype & 3 = 3
      AND CASE WHEN audits THEN tgtype & 4 = 4 ELSE tgtype & 20 > 0 AND tgname > CAST(:guard AS name) END
    ORDER BY 2, 1
""")
_STATES = {None: "is missing", "D": "is disabled"}


def wrong_triggers(database: Database, place: Place) -> Iterator[str]:
    """Name each trigger that is missing, differs, does not always fire, or can undo what these do."""
    names = {"runs": place.name("operation_runs"), "users": place.name("platform_users")}
    found = {row.tgname: row for row in database.fetch(_OWN, names)}
    for name, definition, table in _TRIGGER.findall(script(place)):
        live, full = found.get(name), f"The trigger {name} on {table}"
        if live is None:
            yield f"{full} is missing. Apply the gate again."
        elif live.definition != f"CREATE TRIGGER {name} {definition}":
            yield f"{full} differs from what opsnb grants prints. Apply the gate again."
        elif live.tgenabled != "A":
            yield f"{full} {_state(live.tgenabled)}. Apply the gate again."
    yield from _later(database, place)
    wanted = {"runs": names["runs"], "wanted": [gate.AUDIT, gate.GUARD]}
    for row in database.fetch(_CLONES, wanted):
        yield f"The trigger {row.wanted} on {row.part} {_state(row.tgenabled)}. Apply the gate again."


def _later(database: Database, place: Place) -> Iterator[str]:
    given = {"runs": place.name("operation_runs"), "audit": place.name("audit_logs"), "guard": gate.GUARD}
    for row in database.fetch(_LATER, given):
        full = f"The trigger {row.name} on {row.table}"
        if row.audits:
            yield f"{full} can change or drop what is recorded. Drop it, or let it fire AFTER INSERT."
        else:
            yield (
                f"{full} fires after {gate.GUARD} and can change what that allowed."
                f" Drop it, or rename it to a name before that: ALTER TRIGGER {row.name} ON {row.table} RENAME TO ..."
            )


def _state(enabled: str | None) -> str:
    return _STATES.get(enabled, "is not enabled always")
