"""What the gate's SQL says, out of the constants that Python decides by: one source for both."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy.dialects.postgresql import dialect

from opsnb import gate
from opsnb.access import Capability, presupposed
from opsnb.audit import LONGEST_REFUSAL, RESOURCE, Action, Result
from opsnb.models import Outcome, Status, metadata
from opsnb.schema import RETRY_OF
from opsnb.settings import Settings
from opsnb.triage.decide import LIVE
from opsnb.triage.reasons import FILLERS, LONGEST, SHORTEST

EVERYBODY, ACTIVE = "opsnb_everybody", "opsnb_active"
TABLES = tuple(metadata.tables)
READING_RUNS = f"{gate.SCHEMA}.reads_runs()"
READING_ROWS = f"(SELECT {gate.SCHEMA}.reads())"
OWN_ROW = f"((SELECT NOT {gate.SCHEMA}.bound()) OR login = (SELECT session_user)::text)"
_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'"


@dataclass(frozen=True)
class Place:
    """Where the tables are.

    Parameters
    ----------
    settings
        The team's; for the tables' own names, and the keys that a retry starts without.
    schema
        Where tables are whose own names tell no schema.
    owner
        The role that owns the tables; empty for whoever applies the SQL.
    superuser
        Whether a superuser applies the SQL: only that one can make the event trigger.
    """

    settings: Settings
    schema: str = "public"
    owner: str = ""
    superuser: bool = True

    def parts(self, table: str) -> tuple[str, str]:
        """Give schema and own name of a table of the contract."""
        schema, _, name = (self.settings.tables or {}).get(table, table).rpartition(".")
        return schema or self.schema, name

    def name(self, table: str) -> str:
        """Write a table of the contract with its schema."""
        return ".".join(map(quote, self.parts(table)))

    @property
    def schemas(self) -> list[str]:
        """Name the schemas that hold the tables."""
        return sorted({self.parts(table)[0] for table in TABLES})


def quote(name: str) -> str:
    """Write a name the way SQL takes it exactly as it stands."""
    return str(dialect().identifier_preparer.quote(name))  # type: ignore[no-untyped-call]


def literals(values: Iterable[str]) -> str:
    """Write words as a list of SQL literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def values(place: Place) -> dict[str, str]:
    """Give what stands for each name in the templates."""
    names = {table: place.name(table) for table in TABLES}
    return _roles(place) | _tables(names) | _triage(place) | {
        "bound": gate.BOUND.format(runs=f"'{names['operation_runs']}'::regclass"),
        "definer": _DEFINER,
        "refuse_ddl": gate.REFUSE_DDL, "refuse_ddl_body": refuse_ddl_body(place), "ddl_trigger": gate.DDL,
        "may_view": json.dumps(presupposed(Capability.VIEW)),
        "may_manage": json.dumps(presupposed(Capability.MANAGE)),
        "manage": Capability.MANAGE,
        "everybody": EVERYBODY, "active": ACTIVE,
        "own_row": literals([OWN_ROW]),
        "reading_runs": literals([READING_RUNS]), "reading_rows": literals([READING_ROWS]),
        "guard_trigger": gate.GUARD, "audit_trigger": gate.AUDIT, "users_trigger": gate.USERS,
    }  # fmt: skip


def refuse_ddl_body(place: Place) -> str:
    """Write the body of the event trigger's function; it must not fail where the tables are gone."""
    bound = gate.BOUND.format(runs=f"pg_catalog.to_regclass({literals([place.name('operation_runs')])})")
    return f"""
BEGIN
  IF {bound} THEN
    RAISE insufficient_privilege USING MESSAGE = format(
      'Members of {gate.VIEWER} may not change definitions in this database: %s.', tg_tag);
  END IF;
END """


def _roles(place: Place) -> dict[str, str]:
    owner = quote(place.owner) if place.owner else ""
    return {
        "gate": gate.SCHEMA, "viewer": gate.VIEWER, "operator": gate.OPERATOR,
        "groups": f"{gate.VIEWER}, {gate.OPERATOR}",
        "authorization": f" AUTHORIZATION {owner}" if owner else "",
        "set_role": f"SET LOCAL ROLE {owner};\n" if owner else "",
        "schemas": ", ".join(map(quote, place.schemas)),
    }  # fmt: skip


def _tables(names: dict[str, str]) -> dict[str, str]:
    granted = (
        f"GRANT SELECT ({', '.join(metadata.tables[table].columns.keys())})\n  ON {name} TO {gate.VIEWER};"
        for table, name in names.items()
    )
    return {
        "tables": ", ".join(names.values()),
        "names": ", ".join(names.values()),
        "count": str(len(names)),
        "table_words": literals(names.values()),
        "oids": ", ".join(f"{literals([name])}::regclass" for name in names.values()),
        "reading": "\n".join(granted),
        "runs": names["operation_runs"], "users": names["platform_users"], "audit": names["audit_logs"],
        "runs_word": names["operation_runs"], "users_word": names["platform_users"],
        "retry_columns": ", ".join(gate.RETRY_COLUMNS),
        "changed_columns": ", ".join(gate.CHANGED_COLUMNS),
    }  # fmt: skip


def _triage(place: Place) -> dict[str, str]:
    blank, unseen = _characters(str.isspace), _characters(_unseen)
    return {
        "live": literals(LIVE), "queued": Status.QUEUED, "completed": Status.COMPLETED,
        "pending": Outcome.PENDING, "failed": Outcome.FAILED,
        "retry_of": RETRY_OF["postgresql"].replace("context", "r.context"),
        "dropped_keys": literals(("triage", *place.settings.output_keys)),
        "shortest": str(SHORTEST), "longest": str(LONGEST),
        "untrimmed": f"E'^[{blank}]|[{blank}]$'", "shown": f"E'[^{unseen}]'",
        "resource": RESOURCE, "success": Result.SUCCESS,
        "retry": Action.RETRY, "cancel": Action.CANCEL, "mark_investigated": Action.MARK_INVESTIGATED,
        "actions": literals(Action), "refusals": literals(result for result in Result if result is not Result.SUCCESS),
        "longest_refusal": str(LONGEST_REFUSAL),
    }  # fmt: skip


def _unseen(character: str) -> bool:
    # Marks that stand on nothing and unassigned characters are left to Python: they would fill pages.
    return unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") or character in FILLERS


@cache
def _characters(belongs: Callable[[str], bool]) -> str:
    """Write characters as the ranges of a regular expression within an E'' literal."""
    ranges: list[list[int]] = []
    for code in filter(lambda code: belongs(chr(code)), range(1, 0x110000)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join("-".join(dict.fromkeys(f"\\\\U{code:08X}" for code in ends)) for ends in ranges)
