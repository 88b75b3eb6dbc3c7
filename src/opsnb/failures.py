"""What a database driver's error means to a person, and what to do about it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from opsnb.errors import DatabaseUnavailable, OutcomeUnknown, QueryTimeout

READ_ONLY_STATE = "25006"

_TIMEOUT = "{name} took too long over this and was stopped; narrow it with a filter or a shorter time window."
_NOT_OURS = "{name} holds no usable operation runs ({detail}); run opsnb init on an empty database, or name another."
_SQLITE = (
    ("interrupted", QueryTimeout, _TIMEOUT),
    (
        "is locked",
        DatabaseUnavailable,
        "{name} is locked by another process; wait for it to finish, then refresh.",
    ),
    ("no such table", DatabaseUnavailable, _NOT_OURS),
    ("no such column", DatabaseUnavailable, _NOT_OURS),
    ("not a database", DatabaseUnavailable, "{name} is not an SQLite database; name another file."),
    (
        "disk image is malformed",
        DatabaseUnavailable,
        "{name} is damaged; restore it from a backup, or name another file.",
    ),
    (
        "NOT NULL constraint",
        DatabaseUnavailable,
        "{name} wants a value that opsnb has none for ({detail}); ask its owner to give the column a default.",
    ),
    (
        "readonly",
        DatabaseUnavailable,
        "{name} cannot be written; check the permissions of the file and its folder.",
    ),
    (
        "disk is full",
        DatabaseUnavailable,
        "There is no disk space left for {name}; free some, then try again.",
    ),
)
_WAL_IN_FIXED_FOLDER = (
    "{name} is in WAL mode, in which SQLite creates files beside it even to read it, and nothing can be created in its"
    " folder (read-only file system, or no right to write); copy it to a folder that can be written, or let whoever can"
    " write it run PRAGMA journal_mode = DELETE on it."
)
_SQLSTATES = (
    ("57014", QueryTimeout, _TIMEOUT),
    ("55P03", DatabaseUnavailable, "{name} is locked by someone else just now; try again in a moment."),
    ("42P01", DatabaseUnavailable, _NOT_OURS),
    ("42703", DatabaseUnavailable, _NOT_OURS),
    (
        "42501",
        DatabaseUnavailable,
        "Your login on {name} may not do this ({detail}); ask its owner for the right.",
    ),
    (
        "23502",
        DatabaseUnavailable,
        "{name} wants a value that opsnb has none for ({detail}); ask its owner to give the column a default.",
    ),
    ("53300", DatabaseUnavailable, "{name} has no connection to spare just now; try again in a moment."),
    ("28", DatabaseUnavailable, "{name} refused the login; check user and password in {setting}."),
    ("3D000", DatabaseUnavailable, "There is no such database: {name}; check {setting}."),
    (
        READ_ONLY_STATE,
        DatabaseUnavailable,
        "{name} is read-only just now, as after a failover, and nothing was changed;"
        " try again when it leads to the primary.",
    ),
    ("40P01", DatabaseUnavailable, "{name} broke up a deadlock and nothing was changed; try again."),
    ("40001", DatabaseUnavailable, "{name} broke this off to catch up with its primary; refresh."),
    (
        "ssl",
        DatabaseUnavailable,
        "{name} and this machine do not agree on encryption ({detail}); check sslmode and certificates in {setting}.",
    ),
)
# What is meant otherwise when a change was under way.
_OF_CHANGES = (
    ("57014", QueryTimeout, "{name} took too long over this and stopped it; nothing was changed; try again."),
    (
        "55P03",
        DatabaseUnavailable,
        "{name} is locked by someone else just now and nothing was changed; try again in a moment.",
    ),
    ("40001", DatabaseUnavailable, "{name} let somebody else go first and nothing was changed; try again."),
)
_OF_VALUES = ("22", "23")  # classes of SQLSTATE: a value that is none, and one that a constraint forbids
_LOST = "The connection to {name} was lost and nothing was changed; try again in a moment."


_REFUSALS = (
    (r"session is read-only|server is in hot standby mode", READ_ONLY_STATE),
    (r"does not support SSL|SSL error|certificate", "ssl"),
    (r'database ".*" does not exist', "3D000"),
    (r'role ".*" does not exist|authentication failed|no pg_hba\.conf entry|no password supplied', "28000"),
    (r"too many (clients|connections)|connection slots are reserved", "53300"),
)
# What libpq and the driver say where there is no server to say anything, or one that starts or stops.
_NO_ANSWER = re.compile(
    "refused|time[d ]?-?out|could not translate host name|resolve host|No such file or directory|unreachable"
    "|No route to host|reset by peer|closed the connection unexpectedly|Broken pipe|EOF detected"
    "|starting up|shutting down|not yet accepting connections|recovery mode",
    re.IGNORECASE,
)
# What stands before the words of the server: psycopg's and libpq's, with the address that it was.
_BEFORE_SERVER_WORDS = re.compile(
    '^(connection failed: |connection is bad: )?(connection to server (at|on socket) ".*?"(, port [0-9]+)? failed: )?'
    "(FATAL ?:  )?"
)


def explain(
    error: SQLAlchemyError, name: str, url: URL, *, setting: str = "OPSNB_DATABASE_URL", changing: bool = False
) -> DatabaseUnavailable:
    """Turn a driver's error into one sentence.

    Parameters
    ----------
    name
        What a person calls the database.
    setting
        Where its address is set.
    changing
        Whether a change was under way, which is then undone.
    """
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable(f"All connections to {name} are busy; try again in a moment.")
    cause = getattr(error, "orig", None) or error
    rules = _sqlite_rules(cause, url) if url.get_backend_name() == "sqlite" else _postgresql_rules(error, cause)
    if changing and url.get_backend_name() != "sqlite":
        rules = _rules_of_change(error, cause) + rules
    for kind, sentence in rules:
        return kind(sentence.format(name=name, detail=_first_line(cause), setting=setting))
    return DatabaseUnavailable(f"{name} could not answer: {_first_line(cause)}.")


def for_log(error: SQLAlchemyError) -> str:
    """Say a driver's error to whoever reads the log, without the values that it is about.

    PostgreSQL quotes rows and documents in the details of an error; both kinds of database quote a value that they
    cannot read, which is left out with all that is said of it.
    """
    cause = getattr(error, "orig", None)
    if cause is None:
        return f"{type(error).__name__}: {error}" if isinstance(error, PoolTimeout) else type(error).__name__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""
    said = getattr(getattr(cause, "diag", None), "message_primary", None) or " ".join(str(cause).split())
    quotes = state.startswith(_OF_VALUES) or " with text " in said
    statement = " ".join(str(getattr(error, "statement", None) or "").split())
    parts = (type(cause).__name__, state, "" if quotes else said, statement and f"[{statement}]")
    return " ".join(part for part in parts if part)


def was_lost(error: DBAPIError) -> bool:
    """Whether the connection went away under a statement, rather than the server refusing the statement."""
    return error.connection_invalidated and getattr(error.orig, "sqlstate", None) != READ_ONLY_STATE


def unknown_outcome(name: str) -> OutcomeUnknown:
    """Say that the connection was lost while a change was being committed."""
    return OutcomeUnknown(
        f"The connection to {name} was lost at the last moment: this may or may not have been done; refresh to see."
    )


def obstacle(error: DBAPIError) -> str:
    """Say what about a table keeps it from being changed whatever the values are; empty where it is something else."""
    cause = error.orig
    missing = getattr(getattr(cause, "diag", None), "column_name", None)
    if getattr(cause, "sqlstate", None) == "23502" and missing:
        return f"its column {missing} must have a value, and opsnb has none for it"
    if found := re.search(r"NOT NULL constraint failed: \w+\.(.+)", str(cause)):
        return f"its column {found[1]} must have a value, and opsnb has none for it"
    fixed = "cannot (update|insert into|modify) |FOR UPDATE is not allowed"
    return _first_line(cause or error) if re.search(fixed, str(cause)) else ""


def _sqlite_rules(cause: BaseException, url: URL) -> list[tuple[type[DatabaseUnavailable], str]]:
    if Path(str(url.database)).is_dir():
        return [(DatabaseUnavailable, "{name} is a folder; name the database file in it.")]
    if re.search("unable to open|readonly", str(cause)) and _is_wal_in_fixed_folder(Path(str(url.database))):
        return [(DatabaseUnavailable, _WAL_IN_FIXED_FOLDER)]
    if "unable to open" in str(cause):
        if Path(str(url.database)).exists():
            return [
                (
                    DatabaseUnavailable,
                    "{name} cannot be opened; check the permissions of the file and its folder.",
                )
            ]
        return [(DatabaseUnavailable, "There is no database at {name}; run opsnb load or opsnb demo to make one,"
                                      " or name another with OPSNB_DATABASE_URL.")]  # fmt: skip
    return [(kind, sentence) for mark, kind, sentence in _SQLITE if mark in str(cause)]


def _is_wal_in_fixed_folder(path: Path) -> bool:
    """Whether the file is in WAL mode and nothing can be created in its folder: SQLite then cannot even read it."""
    try:
        with path.open("rb") as file:
            is_wal = file.read(20)[18:] == b"\x02\x02"  # read and write version of the file format
    except OSError:
        return False
    return is_wal and not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _postgresql_rules(error: SQLAlchemyError, cause: BaseException) -> list[tuple[type[DatabaseUnavailable], str]]:
    state = getattr(cause, "sqlstate", None) or _state_of_login(str(cause))
    found = [(kind, sentence) for mark, kind, sentence in _SQLSTATES if state.startswith(mark)]
    if found or not isinstance(error, DBAPIError):
        return found
    if state.startswith(("08", "57P")) or (not state and _is_without_answer(error)):
        return [(DatabaseUnavailable, "{name} does not answer; check that PostgreSQL is running and can be reached.")]
    if error.statement is None and not state:
        return [(DatabaseUnavailable, "{name} cannot be opened: {detail}; check {setting}.")]
    return []


def _is_without_answer(error: DBAPIError) -> bool:
    return error.connection_invalidated or bool(_NO_ANSWER.search(str(error.orig)))


def _rules_of_change(error: SQLAlchemyError, cause: BaseException) -> list[tuple[type[DatabaseUnavailable], str]]:
    if isinstance(error, DBAPIError) and was_lost(error):
        return [(DatabaseUnavailable, _LOST)]
    state = getattr(cause, "sqlstate", None)
    return [(kind, sentence) for mark, kind, sentence in _OF_CHANGES if state == mark]


def _state_of_login(message: str) -> str:
    """Tell the SQLSTATE of a connection that the server refused; the driver gives only its words."""
    return next((state for words, state in _REFUSALS if re.search(words, message)), "")


def _first_line(cause: BaseException) -> str:
    line = _BEFORE_SERVER_WORDS.sub("", next(iter(str(cause).splitlines()), "")) or type(cause).__name__
    return re.sub(r"(password=)\S+", r"\1***", line).rstrip(".")
