"""``opsnb token``."""

from __future__ import annotations

import click

from opsnb.cli.common import plain_errors


@click.command()
@click.argument("who")
@plain_errors
def token(who: str) -> None:
    """Make a token by which WHO signs in to opsnb serve --identity token."""
    from opsnb.serve.identity.token_file import line, new_token

    made = new_token()
    entry = line(who, made)
    click.echo(f"Give this to {who}; it is shown only here:\n\n    {made}\n", err=True)
    click.echo("Add this line to the file of --tokens; without it the token ends:\n", err=True)
    click.echo(entry)
