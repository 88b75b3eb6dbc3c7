"""``opsnb doctor``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import click

from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.doctor import Finding, Severity, examine, worst

EXIT = {Severity.OK: 0, Severity.NOTE: 0, Severity.WARNING: 1, Severity.PROBLEM: 2}


@click.command()
@database_option
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of objects.")
@plain_errors
def doctor(url: str | None, as_json: bool) -> None:
    """Look a database over: what works on it, what does not, and which indexes would help.

    Nothing is changed. The exit code says the worst of what was found: 0 all well, 1 a warning, 2 a problem.
    """
    database = open_database(url)
    found = examine(database)
    database.close()
    click.echo(json.dumps([finding._asdict() for finding in found], indent=2) if as_json else table(found))
    sys.exit(EXIT[worst(found)])


def table(found: Iterable[Finding]) -> str:
    """Write findings one a line, what can be done about each below it."""
    lines = []
    for finding in found:
        lines.append(f"{finding.severity:<8} {finding.what}")
        lines += [f"{'':<8} -> {line}" for line in finding.fix.splitlines()]
    return "\n".join(lines)
