"""`connect()`: from the settings, the environment and what a notebook says, to its `Ops`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from opsnb import visit
from opsnb.database import Database, database_url
from opsnb.errors import BadInput
from opsnb.models import as_utc
from opsnb.ops import Clock, Ops
from opsnb.place import under_voila
from opsnb.replica import Replica
from opsnb.scalars import plain
from opsnb.settings import Settings
from opsnb.system_user import login_name, read_actor


def connect(
    url: str | None = None,
    *,
    actor: str | int | None = None,
    read_only: bool | None = None,
    now: datetime | str | None = None,
    settings: Settings | None = None,
) -> Ops:
    """Open the team's operations; nothing is connected before the first question.

    Parameters
    ----------
    url
        SQLAlchemy URL or SQLite file; default OPSNB_DATABASE_URL, else the embedded file.
    actor
        Email, login, name or number of the platform user who acts; default OPSNB_ACTOR, else the login name. On a
        published page neither counts: the verified user acts.
    read_only
        Never offer or execute triage; always so under Voila.
    now
        A fixed clock (naive is UTC), for notebooks under test.
    settings
        In place of the environment and ``opsnb.toml``.

    Raises
    ------
    BadInput
        If the address or a setting cannot be used.
    AccessDenied
        If the page is published and its server has not said who looks.
    """
    found = settings or Settings.load()
    now, actor = plain(now), plain(actor)
    fixed = now if now is not None else found.now
    if fixed:
        found = replace(found, refresh=timedelta(0))  # nothing changes while the clock stands still
    closed = under_voila() or found.read_only or bool(read_only)
    database = Database(url if url is not None else found.database_url, found, read_only=closed)
    who = _verified()
    if who is None:
        who = actor if actor is not None else configured_actor(found.actor)
    return Ops(database, found, who, closed, make_clock(fixed), _replica_of(database, found))


def _replica_of(database: Database, settings: Settings) -> Replica | None:
    """Give the replica of the settings, which belongs to their database and to no other."""
    if not settings.read_url or database.url != database_url(settings.database_url):
        return None
    if database_url(settings.read_url) == database.url:
        return None
    return Replica(settings.read_url, settings)


def _verified() -> str | int | None:
    """Give whom a server has verified to look at this kernel's page; None where there is no such server."""
    page = visit.current()
    return page.user if page else None


def configured_actor(named: str) -> str | int:
    """Read who acts: digits are a user's number; without a name ask for the login, which a container may not have."""
    return read_actor(named) if named else login_name()


def make_clock(fixed: datetime | str) -> Clock:
    """Give a clock that stands at `fixed` (naive is UTC); with an empty `fixed` the real one.

    Raises
    ------
    BadInput
        If it is not a time.
    """
    if not fixed:
        return lambda: datetime.now(UTC)
    when = as_utc(fixed)
    if when is None:
        raise BadInput(f"now must be a time such as 2026-11-23T14:00:00, not {fixed!r}.")
    return lambda: when
