"""What a file says, read again when it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from opsnb.errors import BadInput, log

K = TypeVar("K")
V = TypeVar("V")


class Watched(Generic[K, V]):
    """A mapping in a file; while the file cannot be read there is nothing in it.

    Parameters
    ----------
    path
        The file.
    read
        Reads it; raises `BadInput` for one that cannot be used.

    Raises
    ------
    BadInput
        If it cannot be used at the start.
    """

    def __init__(self, path: Path, read: Callable[[Path], Mapping[K, V]]) -> None:
        self._path = path
        self._read = read
        self._state = self._look()
        self._content = read(path)

    def content(self) -> Mapping[K, V]:
        """Give what the file says now."""
        state = self._look()
        if state != self._state:
            self._state, self._content = state, self._read_again()
        return self._content

    def _read_again(self) -> Mapping[K, V]:
        try:
            return self._read(self._path)
        except BadInput as error:
            log.error("%s Until then nobody is let in by it.", error)
            return {}

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino
