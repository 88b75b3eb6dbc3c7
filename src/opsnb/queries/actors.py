"""Platform users as actors."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, func, or_, select, type_coerce

from opsnb.access import Actor, read_capabilities, unknown
from opsnb.database import Database, Read
from opsnb.models import platform_users
from opsnb.queries.rights import Rights, fetch_rights
from opsnb.text import visible

users = platform_users.c
NAMES = ("id", "email", "login", "name")


class _User(NamedTuple):
    """A row of `_statement`."""

    id: int
    name: Any
    email: Any
    login: Any
    capabilities: Any
    is_active: Any


def fetch_actor(database: Database, who: str | int, read: Read | None = None) -> Actor:
    """Find the platform user that `who` names: a number, else an email, a login or a name, in this order.

    Emails are compared without regard to A to Z being capitals, if nobody has the very one.
    Somebody unknown, or a name that several have, is an actor who may do nothing. Where the gate holds the database
    login, that login alone says who acts, and on PostgreSQL nobody may do more than the login's rights allow. `read`
    runs the statements where they must run inside a transaction.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    rights = fetch_rights(database, read)
    if rights is None:
        return _find(database, who, read, NAMES)
    if rights.bound:
        return _limited(_find(database, rights.login, read, ("login",)), rights)
    return _limited(_find(database, who, read, NAMES), rights)


def _limited(actor: Actor, rights: Rights) -> Actor:
    held, withheld = actor.capabilities & rights.capabilities, actor.capabilities - rights.capabilities
    return replace(actor, capabilities=held, withheld=withheld, login=rights.login, bound=rights.bound)


def _find(database: Database, who: str | int, read: Read | None, names: tuple[str, ...]) -> Actor:
    if not _askable(who):
        return unknown(visible(who))
    logins = "login" in database.columns(platform_users.name, read)
    if not logins and isinstance(who, str):
        who = (database.settings.logins or {}).get(who, who)
    found = (read or database.fetch)(_statement(database.is_sqlite, isinstance(who, int), logins), {"who": who})
    rows = [_User(*row) for row in found]
    for name in names:
        matches = [row for row in rows if getattr(row, name) == who]
        if name == "email" and not matches and isinstance(who, str) and "@" in who:
            matches = _with_email(database, who, read, logins=logins)
            if len(matches) > 1:
                return unknown(who)
        if len(matches) == 1:
            return _actor(matches[0])
    return unknown(str(who))


def _with_email(database: Database, email: str, read: Read | None, *, logins: bool) -> list[_User]:
    """Find users by an email in other capitals, which identity providers write as they like.

    Only A to Z are alike here: with the other letters of Unicode, addresses of two people could be taken for one.
    """
    statement = _email_statement(database.is_sqlite, logins)
    found = (read or database.fetch)(statement, {"email": _lower(email)})
    return [user for row in found if _lower((user := _User(*row)).email) == _lower(email)]


def _lower(email: object) -> str:
    return str(email).translate(_CAPITALS)


_CAPITALS = str.maketrans(ascii_uppercase, ascii_lowercase)


def _askable(who: str | int) -> bool:
    """Whether a database can be asked for this; an empty name would find whoever has no email or login."""
    if isinstance(who, int):
        return -(2**63) <= who < 2**63
    return bool(who) and visible(who) == who


@cache
def _statement(is_sqlite: bool, by_id: bool, logins: bool) -> Select[Any]:
    who: Any = bindparam("who")
    names = [users.email, users.name, *([users.login] if logins else [])]
    wanted = users.id == who if by_id else or_(*(column == who for column in names))
    return select(*_columns(is_sqlite, logins)).where(wanted)


@cache
def _email_statement(is_sqlite: bool, logins: bool) -> Select[Any]:
    email: Any = cast(users.email, Text)
    lower = func.lower(email if is_sqlite else email.collate("C"))  # both know A to Z alone
    return select(*_columns(is_sqlite, logins)).where(lower == bindparam("email", type_=Text))


def _columns(is_sqlite: bool, logins: bool) -> tuple[ColumnElement[Any], ...]:
    capabilities = type_coerce(users.capabilities, Text) if is_sqlite else cast(users.capabilities, Text)
    login = users.login if logins else users.email.label("login")
    # As it stands: SQLite lets any text into the column, and read as a Boolean each would be true.
    active = type_coerce(users.is_active, users.id.type).label("is_active")
    return (users.id, users.name, users.email, login, capabilities.label("capabilities"), active)


def _actor(row: _User) -> Actor:
    capabilities = read_capabilities(row.capabilities)
    return Actor(row.id, str(row.name or ""), str(row.email or ""), capabilities, row.is_active in (True, 1))
