"""The SQL that makes a database the boundary of a team; printed for its owner to read and apply, never run."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from opsnb.errors import BadInput
from opsnb.grants.requirements import requirements_sql
from opsnb.grants.rules import Place, values

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]*")
_HEAD = """-- The gate of opsnb: roles, rights, a guard, the audit and row security, as described in docs/postgres.md.
-- One transaction, which may be applied again at any time. Read it, then apply it: psql -v ON_ERROR_STOP=1 -f FILE
BEGIN;
SET LOCAL lock_timeout = '5s';
SET LOCAL search_path = pg_catalog, pg_temp;
"""


def script(place: Place) -> str:
    """Write the SQL for the owner of the tables.

    Raises
    ------
    BadInput
        If the schema or the owner is no plain name.
    """
    for what, name in (("schema", place.schema), ("owner", place.owner)):
        if name and not _NAME.fullmatch(name):
            raise BadInput(f"The {what} must be a name of letters, digits, _, $ and -, not {name!r}.")
    filled = values(place) | {"requirements": requirements_sql(place)}
    parts = (re.sub(r"\{\{(\w+)\}\}", lambda match: filled[match[1]], part) for part in templates())
    return "\n".join((_HEAD, *parts, "COMMIT;\n"))


@cache
def templates() -> tuple[str, ...]:
    """Read the templates that are shipped beside this module, in their order."""
    found = sorted((file for file in (files("opsnb.grants") / "sql").iterdir()), key=lambda file: file.name)
    return tuple(file.read_text(encoding="utf-8") for file in found)
