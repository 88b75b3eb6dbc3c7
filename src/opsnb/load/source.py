"""The file a history comes from: opened, unpacked and fingerprinted, with every failure said in one sentence."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar, cast

from opsnb.errors import BadInput

T = TypeVar("T")
_GZIP = b"\x1f\x8b"
HEAD = 4096


class Source:
    """A file of rows, plain or gzip-compressed; use it in a ``with``.

    Raises
    ------
    BadInput
        If there is no such file, or it is a folder, empty or unreadable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self._raw = _open(path)
        self.packed = self._raw.read(2) == _GZIP
        self._raw.seek(0)
        self.stream = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if self.packed else self._raw
        self.size = path.stat().st_size

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self._raw.close()

    @property
    def suffix(self) -> str:
        """The ending that tells the format, in small letters: ``".csv"`` of ``RUNS.CSV.gz``."""
        name = self.name.lower()
        return Path(name.removesuffix(".gz")).suffix

    @property
    def position(self) -> int:
        """Bytes of the file read so far, as it lies on the disk."""
        return min(self._raw.tell(), self.size)

    def head(self) -> bytes:
        """Give the first few kB of the content; reading goes on from its start."""
        start = next(self.guard(self.stream.read(HEAD) for _ in range(1)))
        self.stream.seek(0)
        return start

    def sha256(self) -> str:
        """Fingerprint the file as it lies on the disk."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def guard(self, items: Iterable[T]) -> Iterator[T]:
        """Pass items on; a file that turns out damaged while it is read becomes one sentence."""
        try:
            yield from items
        except EOFError:
            raise BadInput(f"{self.path} is cut off: its gzip data has no end; fetch it again.") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(f"{self.path} is damaged gzip data ({error}); fetch it again.") from error
        except OSError as error:
            raise BadInput(f"{self.path} cannot be read: {error.strerror}.") from error


def _open(path: Path) -> IO[bytes]:
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name a file of runs.")
    if path.exists() and not path.is_file():
        raise BadInput(f"{path} is no regular file; save its content in one first, for it is read twice.")
    try:
        if path.stat().st_size == 0:
            raise BadInput(f"{path} is empty.")
        return path.open("rb")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
