"""The team's own names for the tables of the contract, put into every statement where it is sent to the driver."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event


def quoted(name: str) -> str:
    """Write a name, with its schema where it has one, the way SQL takes it exactly as it stands."""
    return ".".join(f'"{part}"' for part in name.split("."))


def rename(engine: Engine, names: Mapping[str, str]) -> None:
    """Make an engine replace the contract's names of tables by `names` in every statement.

    A name is a table's where it stands as a word of its own: no column or label of a statement is called like a table.
    What stands in quotes is left alone: in single ones it is a value, such as a path into JSON; in double ones it is a
    name of the database's own already. Statements are few and come again and again, so that each is rewritten once.
    """
    if not names:
        return
    tokens = re.compile(rf"""'[^']*'|"[^"]*"|\b({"|".join(map(re.escape, names))})\b""")

    @lru_cache(maxsize=4096)
    def renamed(statement: str) -> str:
        return tokens.sub(lambda match: quoted(names[match[1]]) if match[1] else match[0], statement)

    def rewrite(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> Any:
        return renamed(statement), parameters

    event.listen(engine, "before_cursor_execute", rewrite, retval=True)
