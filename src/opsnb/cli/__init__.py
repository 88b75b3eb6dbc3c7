"""The command ``opsnb``: one module a command, each a thin face on a library function."""

from __future__ import annotations

import click

from opsnb import __version__
from opsnb.cli.demo import demo
from opsnb.cli.doctor import doctor
from opsnb.cli.grants import grants
from opsnb.cli.lab import lab
from opsnb.cli.load import load
from opsnb.cli.schema import init
from opsnb.cli.serve import serve
from opsnb.cli.token import token
from opsnb.cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="opsnb %(version)s")
def main() -> None:
    """Triage long-running operations where on-call engineers already think: in notebooks."""


for command in (demo, serve, lab, init, doctor, grants, load, worker, token):
    main.add_command(command)
