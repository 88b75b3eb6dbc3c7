"""Reading from a streaming replica: where a question goes, and how old an answer may be."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import text

from opsnb.database import Database
from opsnb.errors import BadInput, DatabaseUnavailable
from opsnb.settings import Settings

REPLICA_SECONDS = 2.0
_NONE = timedelta(0)
# What was received is all there is only while somebody receives. Without a transaction replayed since the start, a
# checkpoint that was replayed is the newest that is known to be there.
_STATE = text("""
    SELECT CASE
        WHEN NOT pg_is_in_recovery() THEN 0
        WHEN EXISTS (SELECT FROM pg_stat_wal_receiver)
            AND pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0
        ELSE greatest(0, extract(epoch FROM clock_timestamp() - coalesce(
            pg_last_xact_replay_timestamp(), (SELECT checkpoint_time FROM pg_control_checkpoint()))))
        END AS behind,
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
            - CAST('0/0' AS pg_lsn) AS position
""")


@dataclass(frozen=True)
class Source:
    """Where to read from.

    Parameters
    ----------
    database
        The primary or its replica.
    as_of
        What moment it shows, as far as it can know, tz-aware UTC.
    behind
        How long before the present that is.
    """

    database: Database
    as_of: datetime
    behind: timedelta = _NONE


class Replica(Database):
    """A streaming replica of the database, for lists and details."""

    setting = "OPSNB_READ_URL"

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__(url, settings)
        if self.is_sqlite:
            raise BadInput("read_url must lead to a PostgreSQL replica; an SQLite file has none.")


@dataclass
class _Act:
    """Something that was changed: how far the primary had come by then, and whether the replica has come as far.

    Each act has its own, so that what a thread finds out about an earlier one is never taken for a later one's.
    """

    position: Decimal | None = None
    shown: bool = False


class Sources:
    """Tells where to read: on the replica if there is one, but for whoever acted only once it shows what they did.

    Parameters
    ----------
    primary
        Where acts are done.
    replica
        None without a `read_url`: then everything is read from the primary, and nothing is asked.
    """

    def __init__(self, primary: Database, replica: Replica | None) -> None:
        self._primary, self._replica = primary, replica
        self._told: tuple[float, datetime, Decimal] | None = None
        self._act: _Act | None = None

    def at(self, now: datetime) -> Source:
        """Give where to read at `now` (tz-aware); the replica's state is asked at most every `REPLICA_SECONDS`.

        Raises
        ------
        DatabaseUnavailable
            If the replica cannot answer.
        """
        act = self._act
        if self._replica is None or (act and self._awaits(act, self._replica, now)):
            return Source(self._primary, now)
        as_of, _ = self._known(self._replica, now)
        return Source(self._replica, as_of, max(_NONE, now - as_of))

    def acted(self) -> None:
        """Remember that something was changed, or may have been, which the replica may not show yet."""
        self._act = _Act()

    def _awaits(self, act: _Act, replica: Replica, now: datetime) -> bool:
        try:
            if act.position is None:
                act.position = _state(self._primary)[1]
        except DatabaseUnavailable:
            return False  # without a primary nothing newer can be shown
        with suppress(DatabaseUnavailable):
            act.shown = act.shown or self._known(replica, now)[1] >= act.position
        return not act.shown

    def _known(self, replica: Replica, now: datetime) -> tuple[datetime, Decimal]:
        told, asked = self._told, time.monotonic()
        if told is None or asked - told[0] > REPLICA_SECONDS:
            behind, position = _state(replica)
            told = self._told = (asked, now - behind, position)
        return told[1:]

    def close(self) -> None:
        """Give the replica's connections back."""
        if self._replica is not None:
            self._replica.close()


def _state(database: Database) -> tuple[timedelta, Decimal]:
    row = database.fetch(_STATE)[0]
    return timedelta(seconds=float(row.behind)), row.position
