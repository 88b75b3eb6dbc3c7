"""``opsnb worker``."""

from __future__ import annotations

import os

import click

from opsnb.catalog import Catalog
from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.connecting import make_clock
from opsnb.errors import BadInput

ONLY_PRETENDS = ("This worker only pretends to work, so it wants --demo;"
                 " how to write your own is told in docs/workers.md.")  # fmt: skip


@click.command()
@database_option
@click.option("--demo", is_flag=True, help="Required: it only pretends to work, on a demo database.")
@click.option("--once", is_flag=True, help="End when nothing is left to claim.")
@click.option("--step", type=click.FloatRange(0, 3600), default=1.5, show_default=True, metavar="SECONDS",
              help="How long a step takes; an operation has 7 to 13.")  # fmt: skip
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input ends.")
@plain_errors
def worker(url: str | None, demo: bool, once: bool, step: float, with_parent: bool) -> None:
    """Claim operations queued from now on in a demo, and pretend to work on them."""
    from opsnb.worker import Claims, Worker
    from opsnb.worker.place import holds_demo
    from opsnb.worker.stopping import Stop

    if not demo:
        raise BadInput(ONLY_PRETENDS)
    stop = Stop(with_parent=with_parent)
    database = open_database(url)
    if not holds_demo(database):
        raise BadInput(f"{database.name} is no demo, and this worker only pretends to work; make one with opsnb demo.")
    name = f"demo-worker-{os.getpid()}"
    claims = Claims(database, Catalog.from_settings(database.settings), name, make_clock(database.settings.now))
    if not with_parent:
        click.echo(f"{name} waits for operations in {database.name} — Ctrl-C stops it")
    Worker(claims, step, stop.wait, click.echo).run(once=once)
    database.close()
