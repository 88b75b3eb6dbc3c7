"""Where the worker may pretend: in a demo, and nowhere else."""

from __future__ import annotations

from sqlalchemy import func, select

from opsnb import schema
from opsnb.database import Database
from opsnb.demo.writing import USERS
from opsnb.models import platform_users


def holds_demo(database: Database) -> bool:
    """Whether this is a demo: an SQLite file marked as one, or a PostgreSQL database with the demo's people.

    Raises
    ------
    DatabaseUnavailable
        If the database cannot answer.
    """
    if database.is_sqlite:
        with database.change() as connection:
            return schema.is_demo(connection)
    known = platform_users.c.email.in_([email for _, email, _ in USERS])
    return bool(database.fetch(select(func.count()).where(known))[0][0] == len(USERS))
