"""What can be set, from the environment and an optional ``opsnb.toml``; every field documents itself."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from opsnb.errors import BadInput
from opsnb.text import nearest, parse_duration

FILE_NAME = "opsnb.toml"
TABLES = ("operation_runs", "workspaces", "tenants", "platform_users", "audit_logs")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name} must be text, not {value!r}.")
    return value


def _flag(value: object, name: str) -> bool:
    word = str(value).strip().lower()
    if word not in _TRUE + _FALSE:
        raise BadInput(f"{name} must be true or false, not {value!r}.")
    return word in _TRUE


def _span(value: object, name: str) -> timedelta:
    return parse_duration(_text(value, name), name)


def _timeout(value: object, name: str) -> timedelta:
    span = _span(value, name)
    # 0 would mean "for ever" to PostgreSQL and "at once" to SQLite, and PostgreSQL counts milliseconds in 32 bits.
    if not timedelta(seconds=1) <= span <= timedelta(days=1):
        raise BadInput(f"{name} must be from 1s to 1d, not {value!r}.")
    return span


def _interval(value: object, name: str) -> timedelta:
    if str(value).strip() in ("0", "0s"):
        return timedelta(0)
    return _timeout(value, name)


def _whole(low: int, high: int) -> Callable[[object, str], int]:
    def read(value: object, name: str) -> int:
        try:
            number = int(str(value))
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise BadInput(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
        return number

    return read


def _names(value: object, name: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise BadInput(f"{name} must be a list of words, not {value!r}.")
    return tuple(word.strip() for word in value if word.strip())


def _plain_names(value: object, name: str) -> tuple[str, ...]:
    words = _names(value, name)
    if not all(re.fullmatch(r"[A-Za-z0-9_]+", word) for word in words):
        raise BadInput(f"{name} must be a list of plain keys of letters, digits and underscores, not {value!r}.")
    return words


_PATH = r"[A-Za-z0-9_]+(\.(-?[0-9]{1,4}|[A-Za-z0-9_]+))*"


def _paths(value: object, name: str) -> tuple[str, ...]:
    words = _names(value, name)
    if not all(re.fullmatch(rf"{_PATH}(\+{_PATH})*", word) for word in words):
        raise BadInput(f"{name} must be a list of paths such as error.message or steps.-1.error, not {value!r}.")
    return words


def _schemas(value: object, name: str) -> tuple[str, ...]:
    words = _names(value, name)
    if not all(re.fullmatch(_NAME, word) for word in words):
        raise BadInput(f"{name} must be names of schemas in letters, digits and underscores, not {value!r}.")
    return words


def _pairs(value: object, name: str) -> dict[str, str]:
    if isinstance(value, str):
        value = dict(pair.partition("=")[::2] for pair in value.split(",") if pair.strip())
    if not isinstance(value, dict) or not all(isinstance(word, str) and word.strip() for word in value.values()):
        raise BadInput(f"{name} must hold pairs such as name = value, not {value!r}.")
    return {key.strip(): word.strip() for key, word in value.items()}


def _tables(value: object, name: str) -> dict[str, str]:
    pairs = _pairs(value, name)
    for table, own in pairs.items():
        if table not in TABLES:
            raise BadInput(f"{name}: there is no table {table!r}.{nearest(table, TABLES)}")
        if not re.fullmatch(rf"({_NAME}\.)?{_NAME}", own) or own in TABLES:
            raise BadInput(f"{name}: {table} must be a name such as ops_runs or ops.runs, not {own!r}.")
    return pairs


def _types(value: object, name: str) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(row, dict) for row in value.values()):
        raise BadInput(f'{name} must hold one table per operation type, such as [types."report.export"].')
    return value


def _setting(read: Callable[[Any, str], Any], default: Any, doc: str) -> Any:
    return field(default=default, metadata={"read": read, "doc": doc})


SECRET_KEYS = (
    "password", "passwd", "passphrase", "pass", "pwd", "secret", "token", "jwt", "bearer", "auth", "authorization",
    "api_key", "access_key", "account_key", "private_key", "signing_key", "encryption_key", "credential", "cookie",
    "session", "session_id", "sessid", "signature", "dsn", "connection_string",
)  # fmt: skip


ERROR_PATHS = (
    "error.message", "error", "exception.message", "exception", "failure.message", "failure", "errors.0.message",
    "errors.0", "error_message", "message", "status+commands.-1.cmd", "status",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """One team's settings; times are UTC, durations are ``timedelta``.

    Each is read from the environment variable ``OPSNB_<NAME>``, else from ``opsnb.toml``, else from its default.
    """

    database_url: str = _setting(_text, "", "SQLAlchemy URL or SQLite file of the runs; empty for the embedded file.")
    read_url: str = _setting(
        _text, "", "SQLAlchemy URL of a PostgreSQL replica for lists and details; empty to read where the runs are."
    )
    schema: tuple[str, ...] = _setting(
        _schemas, (), "PostgreSQL schemas that hold the tables, searched in this order; empty for the login's own."
    )
    tables: Mapping[str, str] = _setting(
        _tables, None, "The database's own names of the contract's tables, such as `operation_runs=ops_runs`."
    )
    logins: Mapping[str, str] = _setting(
        _pairs, None, "Emails of platform users by login, where their table has no column `login`."
    )
    actor: str = _setting(
        _text, "", "Who acts: email, login, name or number of a platform user; empty for the login name."
    )
    read_only: bool = _setting(_flag, False, "Never offer or execute triage, whatever the actor may do.")
    page_size: int = _setting(_whole(1, 500), 50, "Rows on a page of a list, 1 to 500.")
    count_cap: int = _setting(_whole(1, 1_000_000), 10_000, "Rows counted exactly; beyond it a count says so.")
    statement_timeout: timedelta = _setting(
        _timeout, timedelta(seconds=15), "How long one statement may take before the database stops it."
    )
    lock_timeout: timedelta = _setting(
        _timeout, timedelta(seconds=5), "How long a statement may wait for somebody else's lock."
    )
    refresh: timedelta = _setting(
        _interval,
        timedelta(seconds=15),
        "How often lists and live operations on screen are read again; `0s` for never.",
    )
    queued_limit: timedelta = _setting(
        _span, timedelta(minutes=10), "Queued longer than this is stuck, for types that set no limit."
    )
    running_limit: timedelta = _setting(
        _span, timedelta(minutes=30), "Running longer than this is stuck, for types that set no limit."
    )
    norm_factor: int = _setting(
        _whole(0, 100),
        2,
        "Running this many times longer than 95 % of its type's recent successes is stuck; 0 to go by limits alone.",
    )
    norm_sample: int = _setting(
        _whole(5, 200), 20, "How many recent successes a type must have before its runs are measured by them, 5 to 200."
    )
    norm_floor: timedelta = _setting(
        _span, timedelta(minutes=5), "Running for less than this is never called stuck for being unusual."
    )
    secret_keys: tuple[str, ...] = _setting(
        _names,
        SECRET_KEYS,
        "Names of secrets, whose values are masked wherever they stand, compared without case or punctuation.",
    )
    output_keys: tuple[str, ...] = _setting(
        _plain_names,
        ("error", "exception", "failure", "progress", "result", "worker"),
        "Context keys that a worker writes as it goes; a retry starts without them.",
    )
    error_paths: tuple[str, ...] = _setting(
        _paths, ERROR_PATHS, "Where a context says what went wrong: the first of these paths that holds text."
    )
    public_url: str = _setting(
        _text, "", "Address of the published dashboard; links copied out of JupyterLab lead there."
    )
    runbooks: str = _setting(_text, "", "Folder with the team's runbook notebooks; empty for the shipped ones.")
    now: str = _setting(_text, "", "A fixed clock, ISO 8601 in UTC, for notebooks under test; empty for the real one.")
    types: Mapping[str, Mapping[str, Any]] = _setting(
        _types, None, "The team's operation types, one table each (file only)."
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
        """Read settings from `environ` (default: the process's) and `file` (default: the nearest ``opsnb.toml``).

        Raises
        ------
        BadInput
            If a value cannot be used or the file cannot be read; the message names the setting.
        """
        environ = os.environ if environ is None else environ
        values = _from_file(file or find_file(environ))
        for setting in fields(cls):
            name = f"OPSNB_{setting.name.upper()}"
            if setting.name != "types" and environ.get(name):
                values[setting.name] = _read(setting, environ[name], name)
        return cls(**values)


def find_file(environ: Mapping[str, str]) -> Path | None:
    """Find the settings file: the one that OPSNB_CONFIG names, else the nearest ``opsnb.toml`` upwards from here."""
    if environ.get("OPSNB_CONFIG"):
        return Path(environ["OPSNB_CONFIG"])
    here = Path.cwd()
    return next((path for d in (here, *here.parents) if (path := d / FILE_NAME).is_file()), None)


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInput(f"The settings file {file} is not valid TOML: {error}.") from error
    known = {setting.name: setting for setting in fields(Settings)}
    for name in table:
        if name not in known:
            raise BadInput(f"{file}: there is no setting {name!r}.{nearest(name, known)}")
    return {name: _read(known[name], value, f"{file}: {name}") for name, value in table.items()}


def _read(setting: Field[Any], value: object, name: str) -> Any:
    return setting.metadata["read"](value, name)
