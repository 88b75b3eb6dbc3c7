"""The command ``opsnb``: one module a command, each a thin face on a library function."""

from __future__ import annotations

import click

from opsnb import __version__
from opsnb.cli.load import load
from opsnb.cli.schema import init


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="opsnb %(version)s")
def main() -> None:
    """Triage long-running operations where on-call engineers already think: in notebooks."""


for command in (init, load):
    main.add_command(command)
