"""The user of the operating system, who in a container may have neither a login name nor a home folder."""

from __future__ import annotations

import getpass
from pathlib import Path

from opsnb.errors import BadInput


def login_name() -> str:
    """Give the login name of whoever runs this process; empty where the user id has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # KeyError up to Python 3.12; ImportError where there is no pwd
        return ""


def read_actor(named: str) -> str | int:
    """Read who is named: digits are a user's number."""
    return int(named) if named.isascii() and named.isdigit() else named


def acting_user(actor: str) -> str | int:
    """Give who this process acts for: `actor` of the settings, else the login name.

    Raises
    ------
    BadInput
        If there is neither.
    """
    name = actor or login_name()
    if not name:
        raise BadInput("The user who runs this has no login name; set OPSNB_ACTOR to the email or name of who acts.")
    return read_actor(name)


def expand_home(path: str) -> Path:
    """Read a path that may begin with ``~``.

    Raises
    ------
    BadInput
        If it does, and that user has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise BadInput(f"There is no home folder for {path}; write the whole path.") from None
