"""Text out of a PostgreSQL database without an encoding (SQL_ASCII): what is no UTF-8 is marked, and never an error."""

from __future__ import annotations

import json
from typing import Any

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader

_TEXT = ("text", "varchar", "bpchar", "name", '"char"')
_OTHERS = 0  # types that the driver does not know, such as enums and citext


class _TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "replace")


class _JsonLoader(Loader):
    def load(self, data: Buffer) -> Any:
        return json.loads(bytes(data).decode("utf-8", "replace"))


def tolerate(connection: Connection[Any], _record: object) -> None:
    """Make a new connection to such a database read text; to be called when it is made."""
    if connection.info.parameter_status("server_encoding") != "SQL_ASCII":
        return
    for name in (*_TEXT, _OTHERS):
        connection.adapters.register_loader(name, _TextLoader)
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, _JsonLoader)
