"""What a kernel loads before it is known whose page it will be: modules, and no connection to a database."""

from __future__ import annotations

from opsnb.database import Database
from opsnb.settings import Settings
from opsnb.widgets import console


def load() -> None:
    """Load the console's modules and the driver of the database."""
    assert console  # noqa: S101 - imported for its own sake
    settings = Settings.load()
    database = Database(settings.database_url, settings)
    database.reader  # noqa: B018 - an engine loads its driver, and connects when it is first asked
    database.close()
