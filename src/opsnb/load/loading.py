"""A whole file into a database, in one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from opsnb import schema
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.load import ledger
from opsnb.load.formats import contents
from opsnb.load.mapping import Map
from opsnb.load.rejects import Reject, collect
from opsnb.load.shape import check_columns
from opsnb.load.source import Source
from opsnb.load.transfer import Progress, Transfer
from opsnb.queries.actors import fetch_actor
from opsnb.queries.rights import within
from opsnb.system_user import acting_user


@dataclass(frozen=True)
class Loaded:
    """What a load did: rows written and rejected, the first few rejects, columns nobody asked for."""

    rows: int
    rejected: int
    first: tuple[Reject, ...]
    ignored: tuple[str, ...]


def load(
    database: Database,
    path: Path,
    mapping: Map | None = None,
    *,
    again: bool = False,
    rejects: Path | None = None,
    delimiter: str | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Loaded:
    """Load a file of runs into a database, which is created first where there is none.

    Parameters
    ----------
    database
        Where to.
    path
        CSV, JSON lines, a JSON array or Parquet, each also gzip-compressed.
    mapping
        What the file calls its columns; by default what the contract calls them.
    again
        Load a file that was loaded before.
    rejects
        CSV file that keeps the rejected rows.
    delimiter
        What separates the values of a CSV file; by default a comma, or a tab in a .tsv file.
    progress
        Called with bytes read and rows written after each batch.
    now
        Time of the audit row, in UTC; by default the clock.

    Raises
    ------
    BadInput
        If nothing could be loaded, and so nothing was written; the message says why.
    DatabaseUnavailable
        If the database cannot take the rows; nothing was written.
    """
    mapping = mapping or Map()
    who = acting_user(database.settings.actor)
    with Source(path) as source, collect(rejects, path) as rejected:
        found = contents(source, delimiter)
        check_columns(source, found, mapping)
        sha256 = source.sha256()
        with _prepared(database), database.change() as connection:
            _begin(connection, database, source, sha256, again=again)
            transfer = Transfer(connection, source, mapping, rejected, progress, database.table("operation_runs"))
            transfer.run(found)
            _expect_rows(transfer)
            actor = fetch_actor(database, who, within(connection))
            ledger.record(connection, _told(transfer, sha256), actor, now or datetime.now(UTC))
    return Loaded(transfer.rows, rejected.count, tuple(rejected.first), transfer.shape.ignored)


@contextmanager
def _prepared(database: Database) -> Iterator[None]:
    """Make the SQLite file where there is none, and take it away again if nothing came of it."""
    path = Path(str(database.url.database))
    if not database.is_sqlite or path.exists():
        yield
        return
    schema.make_file(path)
    try:
        yield
    except BaseException:
        database.close()
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        raise


def _begin(connection: Connection, database: Database, source: Source, sha256: str, *, again: bool) -> None:
    ledger.wait_for_turn(connection)
    if not schema.holds_runs_table(connection, database):
        schema.build(connection, database)
    if schema.is_demo(connection):  # from now on it holds what no demo may replace
        schema.mark_demo(connection, demo=False)
    before = None if again else ledger.loaded_before(connection, sha256)
    if before:
        raise BadInput(f"{source.path} was loaded already on {before}; to load it once more, add --again.")


def _expect_rows(transfer: Transfer) -> None:
    path, rejects = transfer.source.path, transfer.rejects
    if transfer.rows:
        return
    if not rejects.count:
        raise BadInput(f"{path} holds no rows.")
    raise BadInput(
        f"No row of {path} could be loaded ({rejects.count:,} rejected), so nothing was written; "
        f"the first: {rejects.first[0]}. {transfer.shape.story()}"
    )


def _told(transfer: Transfer, sha256: str) -> dict[str, Any]:
    """Give what the audit keeps of a load."""
    return {
        "sha256": sha256,
        "name": transfer.source.name,
        "rows": transfer.rows,
        "rejected": transfer.rejects.count,
    }
