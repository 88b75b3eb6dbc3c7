"""Workspaces and tenants by name: found, or made where they are missing."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, insert, select

from opsnb.models import tenants, workspaces

MOST = 50_000


class Names:
    """Ids of workspaces and tenants; of several with one name the first made is meant."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.known: dict[tuple[str, int | None], int] = {}

    def workspace(self, name: str) -> int:
        """Give the id of a workspace."""
        return self._known(name, None)

    def tenant(self, name: str | None, workspace_id: int) -> int | None:
        """Give the id of a tenant of that workspace; no name is a platform run."""
        return None if name is None else self._known(name, workspace_id)

    def _known(self, name: str, workspace_id: int | None) -> int:
        key = name, workspace_id
        if key not in self.known:
            if len(self.known) >= MOST:  # a file may name a million tenants; memory stays bounded
                self.known.clear()
            self.known[key] = self._found(name, workspace_id)
        return self.known[key]

    def _found(self, name: str, workspace_id: int | None) -> int:
        table = workspaces if workspace_id is None else tenants
        values = {"name": name} | ({} if workspace_id is None else {"workspace_id": workspace_id})
        same = [table.c[column] == value for column, value in values.items()]
        found = self.connection.scalar(select(table.c.id).where(*same).order_by(table.c.id).limit(1))
        if found is None:
            found = self.connection.scalar(insert(table).values(values).returning(table.c.id))
        return cast("int", found)
