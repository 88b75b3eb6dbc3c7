"""``opsnb load``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from opsnb.cli.common import database_option, open_database, plain_errors
from opsnb.load import Loaded, find_map
from opsnb.load import load as load_file


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "mapping", metavar="MAP", help="TOML file, or name of a shipped map, that says what is what.")
@click.option("--again", is_flag=True, help="Load a file that was loaded before.")
@click.option("--rejects", metavar="OUT.csv", type=click.Path(path_type=Path), help="Keep rejected rows in this file.")
@click.option("--delimiter", metavar="CHAR", help="What separates CSV values; default: comma, in .tsv files tab.")
@database_option
@plain_errors
def load(
    file: Path, mapping: str | None, again: bool, rejects: Path | None, delimiter: str | None, url: str | None
) -> None:
    """Bring a run history into the database: CSV, JSON Lines, JSON or Parquet, plain or .gz.

    All of the file is loaded, but for rows that are reported as rejected, or nothing of it. A database that does not
    exist yet is made first.
    """
    database = open_database(url)
    columns = find_map(mapping) if mapping else None
    try:
        with _progress(file) as progress:
            loaded = load_file(
                database, file, columns, again=again, rejects=rejects, delimiter=delimiter, progress=progress
            )
    except KeyboardInterrupt:
        click.echo(f"Interrupted: nothing of {file} was loaded.", err=True)
        sys.exit(130)
    finally:
        database.close()
    _tell(loaded, rejects)
    click.echo(f"Loaded {loaded.rows:,} operations from {file} into {database.name}.")


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int, int], None] | None]:
    if not sys.stderr.isatty() or not file.is_file():
        yield None
        return
    with click.progressbar(length=file.stat().st_size, label="0 rows", file=sys.stderr) as bar:

        def show(position: int, rows: int) -> None:
            bar.label = f"{rows:,} rows"
            bar.update(max(0, position - bar.pos))

        yield show


def _tell(loaded: Loaded, rejects: Path | None) -> None:
    for reject in loaded.first:
        click.echo(str(reject), err=True)
    if loaded.rejected:
        kept = f"; all are in {rejects}" if rejects else "; --rejects OUT.csv keeps them all"
        click.echo(f"Rejected {loaded.rejected:,} rows{kept}.", err=True)
    if loaded.ignored:
        names = ", ".join(loaded.ignored[:12]) + (" ..." if len(loaded.ignored) > 12 else "")
        click.echo(f'Ignored columns: {names} (a map with context = "rest" keeps them).', err=True)
