"""What kernels are told through the environment that they inherit."""

from __future__ import annotations

import os
from pathlib import Path

from opsnb.database import Database, database_url
from opsnb.settings import find_file


def kernel_environment(database: Database, actor: str | None) -> dict[str, str]:
    """Give the variables that lead a kernel to `database` as `actor`.

    Kernels work in the folder of the notebooks, so whatever was found from the caller's own folder is
    named absolutely.
    """
    told = {"OPSNB_DATABASE_URL": _absolute(database), "OPSNB_READ_URL": _read_url(database)}
    if actor:
        told["OPSNB_ACTOR"] = actor
    if file := find_file(os.environ):
        told["OPSNB_CONFIG"] = str(file.resolve())
    return told


def page_environment(database: Database, actor: str | None, base_url: str) -> dict[str, str]:
    """Give the variables of a kernel behind a served page: it only reads, and knows where the pages lie."""
    served = {"OPSNB_READ_ONLY": "1", "OPSNB_ROUTE_BASE": base_url.rstrip("/")}
    return kernel_environment(database, actor) | served


def _read_url(database: Database) -> str:
    """Name the replica of the settings where it belongs to `database`, else the database itself: it has none."""
    settings = database.settings
    if settings.read_url and database.url == database_url(settings.database_url):
        return settings.read_url
    return _absolute(database)


def _absolute(database: Database) -> str:
    url = database.url
    if database.is_sqlite:
        url = url.set(database=str(Path(str(url.database)).resolve()))
    return url.render_as_string(hide_password=False)
