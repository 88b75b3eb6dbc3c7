"""``opsnb lab``."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click

from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.cli.serve import actor_option
from opsnb.database import Database
from opsnb.errors import BadInput, DatabaseUnavailable
from opsnb.notebooks_path import in_clone, notebooks_path
from opsnb.serve.environment import kernel_environment
from opsnb.worker.beside import along_with
from opsnb.worker.place import holds_demo

COPY = "opsnb-notebooks"
# JupyterLab would ask other hosts for its news and releases.
OFFLINE = ("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")


@click.command(context_settings={"ignore_unknown_options": True})
@database_option
@actor_option
@click.option("--port", type=click.IntRange(0, 65535), default=8888, show_default=True, help="Port to use.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@plain_errors
def lab(url: str | None, actor: str | None, port: int, options: tuple[str, ...]) -> None:
    """Open the notebooks in JupyterLab; further OPTIONS are JupyterLab's own, such as --no-browser."""
    if find_spec("jupyterlab") is None:
        raise BadInput("JupyterLab is not installed; run: pip install 'opsnb[lab]'")
    database = open_database(url)
    environment = os.environ | kernel_environment(database, actor)
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"  # before a kernel of the same name that the user has installed
    folder = working_folder(Path.cwd())
    click.echo(f"The notebooks are in {folder}")
    first = "--LabApp.default_url=/lab/tree/runs.ipynb"
    command = [sys.executable, "-m", "jupyterlab", str(folder), f"--port={port}", first, *OFFLINE, *options]
    _let_retries_finish(database)
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is wanted


def _let_retries_finish(database: Database) -> None:
    """Run a worker along with JupyterLab where the database is a demo, which nobody else works on."""
    with suppress(DatabaseUnavailable):  # the notebooks say so where it is seen
        if holds_demo(database):
            along_with(kernel_environment(database, None))
    database.close()


def working_folder(here: Path) -> Path:
    """Give the folder to work in: a clone's own, else a copy under `here`, made once and then the user's."""
    if in_clone():
        return notebooks_path()
    folder = here / COPY
    if not folder.exists():
        shutil.copytree(notebooks_path(), folder)
    return folder
