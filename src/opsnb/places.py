"""Where the notebooks are: in the wheel beside this package, in a clone beside its source."""

from __future__ import annotations

from pathlib import Path


def notebooks() -> Path:
    """Give the folder of the five notebooks and the shipped runbooks."""
    here = Path(__file__).parent
    packaged = here / "notebooks"
    return packaged if packaged.is_dir() else here.parents[1] / "notebooks"
