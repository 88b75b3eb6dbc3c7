"""Times of PostgreSQL that Python cannot hold, such as infinity: they come out as text instead of stopping a page."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, DataError, adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format


class _TimestampLoader(Loader):
    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._load = adapters.get_loader(oid, Format.TEXT)(oid, context).load  # type: ignore[misc]

    def load(self, data: Buffer) -> Any:
        try:
            return self._load(data)
        except DataError:
            return bytes(data).decode()


def tolerate(connection: Connection[Any], _record: object) -> None:
    """Make a new connection read such times as text; to be called when it is made."""
    for name in ("timestamp", "timestamptz"):
        connection.adapters.register_loader(name, _TimestampLoader)
