"""How PostgreSQL is connected to, and what each transaction is told: nothing depends on the state of a session.

A pooler in transaction mode hands every transaction to whichever server session is free, and refuses or drops most
startup parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import URL

from opsnb.errors import BadInput
from opsnb.names import quoted
from opsnb.settings import Settings

# How values are written: the driver reads dates, times and intervals in one form alone, and names of columns are
# compared with what pg_get_indexdef writes.
_WRITTEN_FORMS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",  # less than that rounds floating-point numbers
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",  # a backslash in a literal is a backslash
}
# A database without an encoding gives out only what is UTF-8 to a client that asks for that; see `opsnb.pgtext`.
_CLIENT_ENCODING = """pg_catalog.set_config('client_encoding', CASE pg_catalog.current_setting('server_encoding')
    WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, true)"""


def connect_arguments(url: URL, settings: Settings) -> dict[str, Any]:
    """Give the driver's arguments beside those of the address, which win where both name one.

    Raises
    ------
    BadInput
        If the address has a `prepare_threshold` that is no number.
    """
    return {
        **{name: value for name, value in _defaults(settings).items() if name not in url.query},
        # A statement prepared on the server gets one plan for common and rare values alike, and no transaction pooler
        # before PgBouncer 1.21 knows in which session it was prepared.
        "prepare_threshold": _prepare_threshold(url),
        "client_encoding": "utf8",  # what the driver itself asks about a new connection is text
    }


def _defaults(settings: Settings) -> dict[str, Any]:
    patience = int(settings.statement_timeout.total_seconds() * 1000)
    return {
        "fallback_application_name": "opsnb",
        "connect_timeout": max(2, int(settings.lock_timeout.total_seconds())),
        # The operating system gives up a server that vanished without a word; no timeout of the server's own can.
        "keepalives_idle": 5,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": patience,
    }


def _prepare_threshold(url: URL) -> int | None:
    given = url.query.get("prepare_threshold", "none")
    if isinstance(given, str) and given.lower() == "none":
        return None
    if isinstance(given, str) and given.isascii() and given.isdigit():
        return int(given)
    raise BadInput("prepare_threshold in the database URL must be a whole number, or none to prepare nothing.")


def transaction_settings(settings: Settings) -> dict[str, str]:
    """Give the server's parameters that hold for each transaction, by name."""
    return {
        **_search_path(settings.schema),
        **_WRITTEN_FORMS,
        "random_page_cost": "1.1",  # so that names are looked up singly: no page asks for much, and memory holds most
        "jit": "off",  # it pays for long statements alone, and estimates that are off make short ones look long
        "statement_timeout": f"{settings.statement_timeout.total_seconds() * 1000:.0f}",
        "lock_timeout": f"{settings.lock_timeout.total_seconds() * 1000:.0f}",
    }


def set_local(values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Write one statement, and its parameters, that sets `values` and the encoding until the end of a transaction."""
    each = ", ".join([_CLIENT_ENCODING, *["pg_catalog.set_config(%s, %s, true)"] * len(values)])
    return f"SELECT {each}", tuple(word for pair in values.items() for word in pair)


def _search_path(schemas: Sequence[str]) -> dict[str, str]:
    return {"search_path": ",".join(map(quoted, schemas))} if schemas else {}
