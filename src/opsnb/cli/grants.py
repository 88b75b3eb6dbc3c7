"""``opsnb grants``."""

from __future__ import annotations

import sys

import click

from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.grants import Place, differences, limits, script


@click.command()
@database_option
@click.option(
    "--schema", metavar="NAME", help="Schema of the tables; default: the first of the settings', else public."
)
@click.option(
    "--owner", metavar="ROLE", default="", help="Role that owns the tables; default: whoever applies the SQL."
)
@click.option("--check", is_flag=True, help="Compare the database with it instead; exit code 1 on any difference.")
@click.option(
    "--without-superuser", is_flag=True, help="No superuser can apply it: with --check, say what that leaves open."
)
@plain_errors
def grants(url: str | None, schema: str | None, owner: str, check: bool, without_superuser: bool) -> None:
    """Print the SQL that makes PostgreSQL itself hold a team's logins to the rules of triage.

    Nothing is changed: the owner of the tables reads it and applies it.
    """
    database = open_database(url)
    place = Place(
        database.settings, schema or next(iter(database.settings.schema), "public"), owner, not without_superuser
    )
    if not check:
        click.echo(script(place), nl=False)
        return
    found, notes = differences(database, place), limits(database, place)
    database.close()
    for difference in found:
        click.echo(difference)
    for note in notes:
        click.echo(f"Note: {note}")
    if found:
        sys.exit(1)
    click.echo(f"{database.name} is as opsnb grants has it.")
