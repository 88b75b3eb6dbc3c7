"""What the team's operation types are called, and what may be done with a run of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from opsnb.errors import BadInput
from opsnb.settings import Settings
from opsnb.text import fold, nearest, parse_duration

_PLAIN = re.compile(r"[a-z0-9]+(?:[._:\-/][a-z0-9]+)*")


@dataclass(frozen=True)
class OperationType:
    """One type of operation.

    Parameters
    ----------
    type
        The value in ``operation_runs.type``.
    label
        What a person reads.
    retryable, cancelable
        Whether a failed run may be retried, a live one canceled.
    queued_limit, running_limit
        How long a run may queue or run before it is stuck; None for the default in the settings.
    """

    type: str
    label: str
    retryable: bool = False
    cancelable: bool = False
    queued_limit: timedelta | None = None
    running_limit: timedelta | None = None


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


_DEFAULT = (
    OperationType("inventory.sync", "Sync device inventory", True, True),
    OperationType("policies.backup", "Back up policies", True, True, running_limit=_minutes(60)),
    OperationType("policies.restore", "Restore policy set", False, True, running_limit=_minutes(60)),
    OperationType("policies.compare", "Compare policy versions", True, True),
    OperationType("reports.export", "Export compliance report", True, True, running_limit=_minutes(20)),
    OperationType("credentials.rotate", "Rotate tenant credentials", True, False, _minutes(5), _minutes(15)),
    OperationType("tenants.provision", "Provision tenant", False, False, running_limit=_minutes(120)),
    OperationType("directory.import", "Import directory users", True, True),
    OperationType("licenses.reconcile", "Reconcile licenses", True, True),
    OperationType("archive.purge", "Purge expired archives", False, True, running_limit=_minutes(240)),
)


def default() -> tuple[OperationType, ...]:
    """Give the shipped operation types."""
    return _DEFAULT


class Catalog(Mapping[str, OperationType]):
    """Operation types by name, in order; unknown ones still have a readable label."""

    def __init__(self, rows: Iterable[OperationType]) -> None:
        self._rows = {row.type: row for row in rows}
        self.label_of: Callable[[str], str] = lru_cache(maxsize=4096)(self.label)  # lists ask for few, and often

    @classmethod
    def from_settings(cls, settings: Settings) -> Catalog:
        """Give the shipped types, with the team's own from ``[types]`` added or laid over them.

        Raises
        ------
        BadInput
            If a type's table has an unknown key or a value of the wrong kind.
        """
        rows = {row.type: row for row in default()}
        for name, table in (settings.types or {}).items():
            base = rows.get(name) or OperationType(name, fallback_label(name))
            rows[name] = replace(base, **_read(name, table))
        return cls(rows.values())

    def label(self, type_: object) -> str:
        """Give what a person reads for `type_`; never fails."""
        known = self._rows.get(type_) if isinstance(type_, str) else None
        return known.label if known else fallback_label(type_)

    def matching(self, text: str) -> list[str]:
        """Give the types whose label contains `text`, compared without case."""
        return [row.type for row in self._rows.values() if fold(text) in fold(row.label)]

    def __getitem__(self, type_: str) -> OperationType:
        return self._rows[type_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def fallback_label(type_: object) -> str:
    """Make a readable label for a type that is in no catalog: ``reports.purge_all`` is ``Reports purge all``."""
    return _readable(type_ if isinstance(type_, str) else "" if type_ is None else str(type_))


@lru_cache(maxsize=4096)
def _readable(text: str) -> str:
    if not text.strip():
        return "Unnamed operation"
    if _PLAIN.fullmatch(text.replace("_", "-")):
        return re.sub(r"[._:\-/]+", " ", text).capitalize()
    return text


_SPANS = {"queued_limit", "running_limit"}
_FLAGS = {"retryable", "cancelable"}
_KEYS = {field.name for field in fields(OperationType)} - {"type"}


def _read(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(f"types.{name}.{key}", key, value) for key, value in table.items()}


def _value(path: str, key: str, value: object) -> Any:
    if key not in _KEYS:
        raise BadInput(f"{path}: there is no such key.{nearest(key, _KEYS)}")
    if key in _FLAGS and isinstance(value, bool):
        return value
    if key in _SPANS and isinstance(value, str):
        return parse_duration(value, path)
    if key == "label" and isinstance(value, str) and value.strip():
        return value
    kind = "true or false" if key in _FLAGS else "a duration such as 30m" if key in _SPANS else "some text"
    raise BadInput(f"{path} must be {kind}, not {value!r}.")
