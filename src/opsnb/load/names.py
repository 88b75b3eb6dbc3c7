"""Workspaces and tenants by name: found, or made where they are missing."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, insert, null, select
from sqlalchemy.exc import OperationalError

from opsnb.models import tenants, workspaces

MOST = 50_000


class Names:
    """Ids of workspaces and tenants; of several with one name the first made is meant."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.known: dict[tuple[str, int | None], int] = {}
        self.whole = self._learn()

    def _learn(self) -> bool:
        """Read all names where they are not too many, and say so: what is not known then is not there."""
        for table, owner in ((workspaces, null()), (tenants, tenants.c.workspace_id)):
            wanted = select(table.c.id, table.c.name, owner).order_by(table.c.id.desc()).limit(MOST // 2)
            try:
                found = self.connection.execute(wanted).all()
            except OperationalError:  # SQLite lets text in that is no UTF-8, and the driver gives none of it out
                if self.connection.dialect.name != "sqlite":
                    raise
                return False
            if len(found) == MOST // 2:
                self.known.clear()
                return False
            self.known |= {(name, workspace_id): number for number, name, workspace_id in found}
        return True

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
                self.whole = False
            self.known[key] = self._found(name, workspace_id)
        return self.known[key]

    def _found(self, name: str, workspace_id: int | None) -> int:
        table = workspaces if workspace_id is None else tenants
        values = {"name": name} | ({} if workspace_id is None else {"workspace_id": workspace_id})
        found = None
        if not self.whole:
            same = [table.c[column] == value for column, value in values.items()]
            found = self.connection.scalar(select(table.c.id).where(*same).order_by(table.c.id).limit(1))
        if found is None:
            found = self.connection.scalar(insert(table).returning(table.c.id), values)
        return cast("int", found)
