"""The server's folder for its kernels' connection files, and what servers left behind that could not tidy up."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "opsnb-serve-"


class Folder:
    """A folder that only this user can read; a lock on it, which no process outlives, tells that it is in use."""

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _lock(self.path)

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _sweep(place: Path) -> None:
    """Delete the folders of servers that were killed: their files hold the keys of kernels that are no more."""
    for left in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or another server that starts does the same
            # One that is empty may be about to be locked.
            if not left.is_symlink() and left.stat().st_uid == os.getuid() and any(left.iterdir()):
                lock = _lock(left)
                if lock is not None:
                    shutil.rmtree(left, ignore_errors=True)
                    os.close(lock)


def _lock(path: Path) -> int | None:
    """Lock a folder: what holds the lock until it is closed; None where another process has it."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
