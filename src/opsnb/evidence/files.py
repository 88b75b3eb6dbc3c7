"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path


def write_whole(place: Path, data: bytes, mode: str) -> None:
    """Write a file, and remove it if it cannot be written to its end: part of it would pass for the whole.

    Parameters
    ----------
    place
        Where.
    data
        All of it.
    mode
        ``"wb"``, or ``"xb"`` to refuse a file that is there already.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with place.open(mode) as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            if place.is_file():  # not a device such as /dev/full
                place.unlink()
            raise
