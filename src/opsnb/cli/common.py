"""What every command shares: the database option, and errors said in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from opsnb.database import Database
from opsnb.errors import OpsnbError, log
from opsnb.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

database_option = click.option(
    "--database",
    "url",
    metavar="URL",
    default=None,
    help="SQLAlchemy URL or SQLite file; default: OPSNB_DATABASE_URL, else the embedded file.",
)


def open_database(url: str | None) -> Database:
    """Give the database a command works on; nothing is connected yet."""
    settings = Settings.load()
    return Database(url or settings.database_url, settings)


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Say an `OpsnbError` in one sentence and leave with exit code 1; the traceback goes to the log."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except OpsnbError as error:
            log.info("command failed", exc_info=error)
            raise click.ClickException(str(error)) from error

    return run
