"""The team's own names for the tables of the contract, put into every statement at the one place where it goes out."""

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
    """Make an engine say `names` wherever a statement says the contract's.

    No column, label or value in a statement is called like a table: values are bound, and text of users is never SQL.
    Statements are few and come again and again, so that each is rewritten once.
    """
    if not names:
        return
    words = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")

    @lru_cache(maxsize=4096)
    def said(statement: str) -> str:
        return words.sub(lambda match: quoted(names[match[1]]), statement)

    def rewrite(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> Any:
        return said(statement), parameters

    event.listen(engine, "before_cursor_execute", rewrite, retval=True)
