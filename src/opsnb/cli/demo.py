"""``opsnb demo``."""

from __future__ import annotations

from contextlib import nullcontext
from shlex import quote

import click

from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.cli.serve import port_option, run_server
from opsnb.connecting import make_clock
from opsnb.database import Database
from opsnb.serve.environment import kernel_environment
from opsnb.worker.beside import beside

HOST = "127.0.0.1"
VIEWER, MANAGER = "victor@contoso.example", "ada@contoso.example"


@click.command()
@database_option
@port_option
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the demo once it is made.")
@click.option(
    "--worker/--no-worker", default=True, show_default=True, help="Meanwhile let a worker pretend to run retries."
)
@plain_errors
def demo(url: str | None, port: int, serve: bool, worker: bool) -> None:
    """Make a demo database, then serve it."""
    from opsnb.demo import prepare
    from opsnb.serve import sockets

    database = open_database(url)
    clock = make_clock(database.settings.now)
    if serve and port:
        sockets.release(sockets.listen(HOST, port))  # before a demo that another server shows is made anew
    prepare(database, clock())
    click.echo(f"The demo is in {database.name}, seen as {VIEWER}, who may look and not touch.")
    click.echo(f"To work on it as {MANAGER}: {lab_command(database)}")
    if serve:
        with beside(kernel_environment(database, None)) if worker else nullcontext():
            run_server(database, port=port, actor=VIEWER)


def lab_command(database: Database) -> str:
    """Give the command that opens JupyterLab on the same database."""
    return f"opsnb lab --database {quote(database.name)} --actor {MANAGER}"
