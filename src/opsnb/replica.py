"""Reading from a streaming replica: where a question goes, and how old an answer may be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import NamedTuple, TypeVar

from sqlalchemy import text

from opsnb.database import Database
from opsnb.errors import BadInput, DatabaseUnavailable
from opsnb.settings import Settings

REPLICA_SECONDS = 2.0
LOST_SECONDS = 30.0  # a server that is gone can take seconds to be given up, and nobody waits for that at every click
T = TypeVar("T")
Answer = TypeVar("Answer")
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
    instead
        Why it is the primary although there is a replica: what is wrong with that, or nothing.
    """

    database: Database
    as_of: datetime
    behind: timedelta = _NONE
    instead: str = ""

    def mark(self, answer: Answer) -> Answer:
        """Give an answer with what is to be known of where it was read."""
        if not self.behind and not self.instead:
            return answer
        return replace(answer, behind=self.behind, instead=self.instead)  # type: ignore[type-var]


class _Position(NamedTuple):
    """What moment the replica shows, and which write of the primary was the last to get there."""

    as_of: datetime
    position: Decimal


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
    fall_back
        Read from the primary what a replica that cannot answer would have shown.
    """

    def __init__(self, primary: Database, replica: Replica | None, *, fall_back: bool) -> None:
        self._primary, self._replica, self._falls_back = primary, replica, fall_back
        self._told: _Position | DatabaseUnavailable | None = None
        self._told_until = 0.0
        self._asking = Lock()
        self._act: _Act | None = None

    def read(self, now: datetime, ask: Callable[[Source], T]) -> T:
        """Give the answer of `ask` to where to read at `now` (tz-aware); a replica lost meanwhile is passed over.

        Raises
        ------
        DatabaseUnavailable
            If the database asked cannot answer, or the replica cannot and there is no falling back.
        """
        source = self._at(now)
        try:
            return ask(source)
        except DatabaseUnavailable:
            if source.database is self._primary:
                raise
            self._told = None  # is it the replica that is gone, or the question that it cannot answer?
            instead = self._at(now)
            if instead.database is not self._primary:
                raise
        return ask(instead)

    def acted(self) -> None:
        """Remember that something was changed, or may have been, which the replica may not show yet."""
        self._act = _Act()

    def _at(self, now: datetime) -> Source:
        act = self._act
        if self._replica is None:
            return Source(self._primary, now)
        told = self._known(self._replica, now)
        if isinstance(told, DatabaseUnavailable):
            if self._falls_back:
                return Source(self._primary, now, instead=str(told).replace(self._replica.name, "the replica"))
            raise DatabaseUnavailable(str(told)) from told
        if act and self._awaits(act, told):
            return Source(self._primary, now)
        return Source(self._replica, told.as_of, max(_NONE, now - told.as_of))

    def _awaits(self, act: _Act, told: _Position) -> bool:
        try:
            if act.position is None:
                act.position = _state(self._primary)[1]
        except DatabaseUnavailable:
            return False  # without a primary nothing newer can be shown
        act.shown = act.shown or told.position >= act.position
        return not act.shown

    # Whoever asks at the same time waits for the one answer: a server that is gone costs its timeout once.
    def _known(self, replica: Replica, now: datetime) -> _Position | DatabaseUnavailable:
        with self._asking:
            if self._told is None or time.monotonic() >= self._told_until:
                self._told = _ask(replica, now)
                lost = isinstance(self._told, DatabaseUnavailable)
                self._told_until = time.monotonic() + (LOST_SECONDS if lost else REPLICA_SECONDS)
            return self._told

    def close(self) -> None:
        """Give the replica's connections back."""
        if self._replica is not None:
            self._replica.close()


def _ask(replica: Replica, now: datetime) -> _Position | DatabaseUnavailable:
    try:
        behind, position = _state(replica)
    except DatabaseUnavailable as error:
        return error
    return _Position(now - behind, position)


def _state(database: Database) -> tuple[timedelta, Decimal]:
    row = database.fetch(_STATE)[0]
    return timedelta(seconds=float(row.behind)), row.position
