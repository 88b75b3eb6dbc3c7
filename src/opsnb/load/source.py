"""The file a history comes from: opened, unpacked and fingerprinted, with every failure said in one sentence."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar, cast

from opsnb.errors import BadInput

T = TypeVar("T")
_GZIP = b"\x1f\x8b"
HEAD, PIECE = 4096, 2**20


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
        self._unpacked: IO[bytes] | None = None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.stream, self._raw, self._unpacked):
            if file:
                file.close()

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

    def seekable(self) -> IO[bytes]:
        """Give the content as a file that can be read from its end; what is packed is unpacked to the disk first."""
        if not self.packed:
            return self.stream
        self._unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the source
        for piece in self.guard(iter(lambda: self.stream.read(PIECE), b"")):
            _write_temporary(self._unpacked, piece)
        self._unpacked.seek(0)
        return self._unpacked

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


def _write_temporary(file: IO[bytes], piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError as error:
        raise BadInput(f"The file cannot be unpacked in {tempfile.gettempdir()}: {error.strerror}.") from error


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
