"""Tokens that name people, and the file that knows them by their hashes alone."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

from opsnb.errors import BadInput

_LINE = re.compile(r"([0-9a-f]{64}) +(\S.*)")


def new_token() -> str:
    """Make a token that nobody guesses: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Give the hash by which a token is known; it is random and long, so that no salt or slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def line(who: str, token: str) -> str:
    """Write the line of the file by which `token` names `who`.

    Raises
    ------
    BadInput
        If `who` cannot stand in a line.
    """
    if not who or not who.isprintable() or who != who.strip():
        raise BadInput(f"WHO must name a platform user in printable characters, not {who!r}.")
    return f"{digest(token)} {who}"


def read_tokens(path: Path) -> dict[str, str]:
    """Read whom each hash names; blank lines and those that begin with ``#`` count for nothing.

    Raises
    ------
    BadInput
        If the file cannot be read, or a line is of another form or there twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise BadInput(f"The tokens in {path} cannot be read: {error}.") from error
    people: dict[str, str] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip() or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text.rstrip())
        if found is None or found[1] in people:
            raise BadInput(f"Line {number} of {path} must be a hash of its own and a name, as opsnb token prints it.")
        people[found[1]] = found[2]
    return people
