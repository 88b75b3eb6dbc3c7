"""What a map says: which columns of the file are which columns of a run, and what their values mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REQUIRED = ("workspace", "type", "status", "outcome", "created_at")
OPTIONAL = ("id", "tenant", "initiator_name", "started_at", "completed_at")
TARGETS = (*REQUIRED, *OPTIONAL, "context")
COLUMN, REST = "column", "rest"


@dataclass(frozen=True)
class Map:
    """How to read one kind of file; the empty map reads files whose columns have the contract's names.

    Attributes
    ----------
    columns
        Column of a run -> path in the file, ``None`` for "not in this file"; what is not named is called the same.
    constants
        Column of a run -> the value of every row.
    values
        Column of a run -> value in the file -> value of a run.
    nulls
        Path in the file -> values that mean none there and in everything beneath.
    time
        ``"iso"``, or what numeric times count since 1970: ``"seconds"`` or ``"milliseconds"``.
    context
        ``"column"``: a column of the file is the context; ``"rest"``: all that no column takes; or a list of paths.
    keep
        Paths that stay in the rest although a column takes them.
    """

    columns: Mapping[str, str | None] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    nulls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time: str = "iso"
    context: str | tuple[str, ...] = COLUMN
    keep: tuple[str, ...] = ()

    def path(self, column: str) -> str | None:
        """Where the file holds `column`."""
        if column in self.constants or (column == "context" and self.context != COLUMN):
            return None
        return self.columns.get(column, column)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that a column takes, in the order of the contract."""
        return tuple(dict.fromkeys(path for column in TARGETS if (path := self.path(column))))

    @property
    def named(self) -> tuple[str, ...]:
        """Paths that the map itself names, and a file must therefore have."""
        listed = self.context if isinstance(self.context, tuple) else ()
        return (*(path for path in self.columns.values() if path), *listed, *self.keep)
