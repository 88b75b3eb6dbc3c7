"""``opsnb serve``."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import click

from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.cli.identity import identity_options, read_identity
from opsnb.database import Database

actor_option = click.option(
    "--actor",
    metavar="WHO",
    default=None,
    help="Email, login, name or number of a platform user; default: OPSNB_ACTOR, else the login name.",
)
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=8866, show_default=True, help="Port to use."
)
_FILE = click.Path(dir_okay=False, path_type=Path)
_COUNT = click.IntRange(1, 10_000)


@click.command()
@database_option
@actor_option
@port_option
@click.option("--ip", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--base-url", default="/", show_default=True, metavar="PATH", help="Path under which all pages lie.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="Answer to this name as well.")
@click.option(
    "--framed-by",
    multiple=True,
    metavar="ORIGIN",
    help="Let pages of this origin show these inside; another site needs TLS.",
)
@click.option("--certfile", type=_FILE, help="PEM file with the certificate for TLS.")
@click.option("--keyfile", type=_FILE, help="PEM file with the key of the certificate.")
@click.option("--max-kernels", type=_COUNT, metavar="N", help="Kernels at once; default: what memory and cores bear.")
@click.option("--max-kernels-per-user", type=_COUNT, metavar="N", help="Pages at once of one user; default: a quarter.")
@click.option(
    "--preheat",
    type=click.IntRange(0, 32),
    default=2,
    show_default=True,
    metavar="N",
    help="Kernels, out of all, that wait for the next readers.",
)
@identity_options
@click.option("--browser/--no-browser", default=False, show_default=True, help="Open the pages in a browser.")
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), metavar="PORT", help="Tell Prometheus numbers at this port."
)
@click.option("--metrics-ip", default="127.0.0.1", show_default=True, help="Where to tell them.")
@click.option(
    "--log-format",
    type=click.Choice(["json", "text"]),
    default=None,
    help="JSON objects or lines for people; default: lines at a terminal, else JSON.",
)
@click.option("--verbose", is_flag=True, help="Log also requests for files and for the server's health.")
@plain_errors
def serve(url: str | None, browser: bool, **options: Any) -> None:
    """Serve the pages, read-only, to browsers."""
    identity = read_identity(options)
    options["log_format"] = options["log_format"] or ""
    run_server(open_database(url), browser=browser, identity=identity, **options)


def run_server(database: Database, *, browser: bool = False, **options: Any) -> None:
    """Serve until interrupted, and say where once it answers; `options` are those of the server."""
    from opsnb.serve.server import Options, serve  # Voila takes a second that no other command should pay

    def ready(address: str) -> None:
        click.echo(f"opsnb is at {address} — Ctrl-C stops it")
        if browser:
            webbrowser.open(address)

    serve(database, Options(**options), ready)
