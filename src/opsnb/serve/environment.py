"""What kernels are told through the environment that they inherit."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

from opsnb.database import Database, database_url
from opsnb.place import BASE
from opsnb.settings import Settings, find_file

# An allow-list: what the server was told in confidence is not passed on, whatever its name. PG…: the database's own.
_KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|VIRTUAL_ENV|CONDA_PREFIX|PYTHON\w+"
    r"|LD_LIBRARY_PATH|DYLD_\w+|SSL_CERT_(FILE|DIR)|KRB5\w*|PG[A-Z]+|IPYTHONDIR|JUPYTER_(CONFIG|DATA|RUNTIME)_DIR"
)
_SETTINGS = {f"OPSNB_{setting.name.upper()}" for setting in fields(Settings)} - {"OPSNB_ACTOR"}


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


def page_environment(database: Database, base_url: str) -> dict[str, str]:
    """Give the whole environment of a kernel behind a served page: it only reads, and knows where the pages lie.

    Who looks is not in it, and neither is what the server alone has to know.
    """
    kept = {name: text for name, text in os.environ.items() if _KEPT.fullmatch(name) or name in _SETTINGS}
    served = {"OPSNB_READ_ONLY": "1", BASE: base_url.rstrip("/")}
    served["MALLOC_ARENA_MAX"] = "1"  # else the C library keeps what is free apart for each thread
    return kept | kernel_environment(database, None) | served


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
