"""``opsnb load``."""

from __future__ import annotations

import click


@click.command()
def load() -> None:
    """Bring a run history into the database."""
