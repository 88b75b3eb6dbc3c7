"""Where the shipped notebooks are: beside the package in a wheel, at the top of a clone."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
CLONE = PACKAGE.parent.parent


def in_clone() -> bool:
    """Whether opsnb runs from a clone of its repository."""
    return (CLONE / "pyproject.toml").is_file() and (CLONE / "notebooks").is_dir()


def notebooks_path() -> Path:
    """Give the folder of the shipped notebooks."""
    return CLONE / "notebooks" if in_clone() else PACKAGE / "notebooks"
