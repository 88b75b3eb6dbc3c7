"""Where the notebooks are executed: the demo at a fixed time, seen by somebody who may only view."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from opsnb import demo
from opsnb.database import Database
from opsnb.settings import Settings

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ACTOR = "victor@contoso.example"


def every() -> list[Path]:
    """Give the five pages and the runbooks."""
    return sorted(NOTEBOOKS.rglob("*.ipynb"))


def fill(path: Path) -> None:
    """Make the database that the stored outputs are of."""
    database = Database(str(path), Settings())
    demo.prepare(database, NOW)
    database.close()


def environment(folder: Path) -> dict[str, str]:
    """Give the environment of the kernels, in which no setting of whoever runs this counts; `folder` is empty."""
    (folder / "opsnb.toml").touch()
    foreign = ("OPSNB_", "VOILA_", "JPY_", "JUPYTER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "OPSNB_ACTOR": ACTOR,
        "OPSNB_CONFIG": str(folder / "opsnb.toml"),
        "OPSNB_DATABASE_URL": str(folder / "runs.db"),
        "OPSNB_NOW": NOW.isoformat(),
        "IPYTHONDIR": str(folder / "ipython"),
        # A kernel that somebody installed for their user would go before the one of this Python.
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
    }


def execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Execute a notebook in a kernel of its own, with `folder` as its working directory."""
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place)
    client.extra_arguments = ["--log-level=ERROR"]
    client.execute()
