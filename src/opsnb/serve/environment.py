"""What the server's kernels are told through their environment."""

from __future__ import annotations

import os
from pathlib import Path

from opsnb.database import Database
from opsnb.settings import _find as settings_file


def kernel_environment(database: Database, actor: str | None, base_url: str) -> dict[str, str]:
    """Give the variables that kernels inherit from the server.

    Kernels work in the folder of the notebooks, so whatever was found from the server's own folder is
    named absolutely.
    """
    told = {
        "OPSNB_DATABASE_URL": _absolute(database),
        "OPSNB_READ_ONLY": "1",
        "OPSNB_ROUTE_BASE": base_url.rstrip("/"),
    }
    if actor:
        told["OPSNB_ACTOR"] = actor
    if file := settings_file(os.environ):
        told["OPSNB_CONFIG"] = str(file.resolve())
    return told


def _absolute(database: Database) -> str:
    url = database.url
    if database.is_sqlite:
        url = url.set(database=str(Path(str(url.database)).resolve()))
    return url.render_as_string(hide_password=False)
