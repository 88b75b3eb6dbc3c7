"""``opsnb init``."""

from __future__ import annotations

import click

from opsnb import schema
from opsnb.cli.common import database_option, open_database, plain_errors


@click.command()
@database_option
@plain_errors
def init(url: str | None) -> None:
    """Create schema and indexes in an empty database."""
    database = open_database(url)
    schema.init(database)
    click.echo(f"{database.name} is ready; fill it with: opsnb load FILE")
