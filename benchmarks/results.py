"""Results as JSON, one file a subject, with the machine and the versions they were measured with."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.cache import folder
from benchmarks.rows import Bar, Row

PACKAGES = ("opsnb", "sqlalchemy", "psycopg", "voila", "anywidget", "ipywidgets", "pandas", "django", "flask-admin",
            "sqladmin", "datasette", "itables")  # fmt: skip


def machine() -> dict[str, Any]:
    """Say what it was measured on."""
    return {
        "when": datetime.now(UTC).isoformat(" ", "minutes"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load": round(os.getloadavg()[0], 1),
    }


def versions(**more: str) -> dict[str, str]:
    """Name the versions of what takes part."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, **more}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def write(subject: str, title: str, size: str, rows: Sequence[Row], **more: Any) -> Path:
    """Keep a subject's rows; the last run of a subject at a size replaces the one before."""
    path = folder("results") / f"{subject}.{size}.json"
    told = {"subject": subject, "title": title, "size": size, "machine": machine(), **more,
            "rows": [_row(row) for row in rows]}  # fmt: skip
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return path


def _row(row: Row) -> dict[str, Any]:
    return {**asdict(row), "ratio": round(row.ratio, 3), "verdict": row.verdict}


def read(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Give what `write` kept, and its rows apart."""
    told = json.loads(path.read_text())
    kept = ({key: value for key, value in row.items() if key not in ("ratio", "verdict")} for row in told["rows"])
    return told, [Row(**{**row, "bar": Bar(**row["bar"]) if row["bar"] else None}) for row in kept]
