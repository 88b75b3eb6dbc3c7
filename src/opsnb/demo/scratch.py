"""A demo of one's own, to act on without disturbing anybody."""

from __future__ import annotations

import tempfile
from pathlib import Path

from opsnb.connecting import make_clock
from opsnb.database import Database
from opsnb.demo.filling import prepare
from opsnb.settings import Settings


def scratch() -> str:
    """Make a demo database in a new temporary folder; give its path.

    Its history ends at the present, or at the fixed clock of the settings.

    Raises
    ------
    DatabaseUnavailable, BadInput
        If the folder cannot be written, or a setting cannot be used.
    """
    settings = Settings.load()
    clock = make_clock(settings.now)
    path = Path(tempfile.mkdtemp(prefix="opsnb-")) / "demo.db"
    database = Database(str(path), settings)
    prepare(database, clock())
    database.close()
    return str(path)
