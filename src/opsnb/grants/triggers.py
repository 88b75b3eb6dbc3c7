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
_STATES = {None: "is missing", "D": "is disabled"}


def wrong_triggers(database: Database, place: Place) -> Iterator[str]:
    """Name each trigger that is missing, differs or does not always fire."""
    names = {"runs": place.name("operation_runs"), "users": place.name("platform_users")}
    found = {row.tgname: row for row in database.fetch(_OWN, names)}
    for name, definition, table in _TRIGGER.findall(script(place)):
        live, full = found.get(name), f"The trigger {name} on {table}"
        if live is None:
            yield f"{full} is missing."
        elif live.definition != f"CREATE TRIGGER {name} {definition}":
            yield f"{full} differs from what opsnb grants prints."
        elif live.tgenabled != "A":
            yield f"{full} {_state(live.tgenabled)}."
    wanted = {"runs": names["runs"], "wanted": [gate.AUDIT, gate.GUARD]}
    for row in database.fetch(_CLONES, wanted):
        yield f"The trigger {row.wanted} on {row.part} {_state(row.tgenabled)}. Apply the gate again."


def _state(enabled: str | None) -> str:
    return _STATES.get(enabled, "is not enabled always")
