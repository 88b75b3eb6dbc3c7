"""A demo database: real and made-up runs, the people who look at them, and what they did."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import Connection, delete, inspect

from opsnb import schema
from opsnb.database import Database
from opsnb.demo import triage
from opsnb.demo.excerpt import real_runs
from opsnb.demo.story import Storyteller
from opsnb.demo.writing import write_audit, write_people, write_runs
from opsnb.errors import BadInput
from opsnb.models import metadata

SEED = 2026


def prepare(database: Database, now: datetime) -> None:
    """Make a demo of a new or empty database, or make a demo anew; readers see the old or the new, never a half.

    Parameters
    ----------
    database
        A new one, an empty one, or an SQLite file that holds a demo.
    now
        The newest runs are minutes older; tz-aware.

    Raises
    ------
    BadInput
        If the database holds anything else.
    DatabaseUnavailable
        If it cannot be reached or written.
    """
    if database.is_sqlite:
        schema.make_file(Path(str(database.url.database)))
    with database.change() as connection:
        _empty(connection, database)
        fill(connection, now)
        schema.mark_demo(connection, demo=True)


def _empty(connection: Connection, database: Database) -> None:
    if schema.is_demo(connection):
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        schema.add_first_operator(connection, database.settings.actor)
        return
    present = inspect(connection).get_table_names()
    if present if connection.dialect.name == "sqlite" else set(present) & set(metadata.tables):
        raise BadInput(f"{database.name} holds something other than the demo; name another with --database.")
    schema.build(connection, database)


def fill(connection: Connection, now: datetime) -> None:
    """Fill empty tables with the demo, the same for the same `now` (tz-aware), in the caller's transaction."""
    now = now.astimezone(UTC).replace(microsecond=0)
    teller = Storyteller(Random(SEED), now)  # noqa: S311 - a story, not a secret
    history = teller.history()
    acts = triage.retries(teller, history) + triage.investigated(history)
    runs = [*real_runs(now), *history, *teller.live(), *(act.new for act in acts if act.new)]
    runs.sort(key=lambda run: run.created_at)
    numbers = {run: number for number, run in enumerate(runs, 1)}
    triage.link(acts, numbers)
    write_runs(connection, numbers)
    write_people(connection)
    write_audit(connection, acts, numbers)
