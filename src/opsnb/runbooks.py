"""The team's runbooks: notebooks that say in their metadata what they are called and which types they serve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from opsnb.errors import BadInput, log
from opsnb.notebooks_path import notebooks_path
from opsnb.system_user import expand_home


class Runbook(NamedTuple):
    """One runbook: `path` of the notebook, its `title` and `summary`, and the `types` it serves (none: any)."""

    path: Path
    title: str
    summary: str
    types: tuple[str, ...]

    def serves(self, type_: str) -> bool:
        """Whether it is about operations of this type."""
        return not self.types or type_ in self.types


def find(place: str = "") -> list[Runbook]:
    """Read the notebooks of the folder `place` (empty: the shipped ones), by title; a broken one is left out.

    Raises
    ------
    BadInput
        If the folder does not exist.
    """
    root = expand_home(place) if place else notebooks_path() / "runbooks"
    if not root.is_dir():
        raise BadInput(f"The folder of runbooks {root} does not exist; check the setting runbooks.")
    found = [book for path in sorted(root.glob("*.ipynb")) if (book := _read(path))]
    return sorted(found, key=lambda book: book.title.casefold())


def _read(path: Path) -> Runbook | None:
    try:
        about: Any = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("opsnb", {})
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        log.warning("runbook %s cannot be read: %s", path, error)
        return None
    about = about if isinstance(about, Mapping) else {}
    types = about.get("types")
    return Runbook(
        path,
        str(about.get("title") or path.stem.replace("_", " ").replace("-", " ").capitalize()),
        str(about.get("summary") or ""),
        tuple(str(type_) for type_ in types) if isinstance(types, list) else (),
    )
