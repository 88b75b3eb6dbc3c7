"""Where databases and results are kept from one run to the next."""

from __future__ import annotations

import os
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]


def folder(name: str = "") -> Path:
    """Give a folder below ``.bench`` in the clone, or below what BENCH_CACHE names; it is there already."""
    root = Path(os.environ.get("BENCH_CACHE") or CLONE / ".bench")
    found = root / name
    found.mkdir(parents=True, exist_ok=True)
    return found
