"""Datasette: the table of runs, sorted; it reads SQLite alone, and gives up a count that takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from datasette.app import Datasette

_SHOWN = ("type", "status", "outcome", "workspace_id", "tenant_id", "initiator_name", "created_at", "started_at",
          "completed_at")  # fmt: skip


def page(address: str) -> Callable[[], str]:
    """Give what asks for the page."""
    loop = asyncio.new_event_loop()
    served = Datasette([address])
    loop.run_until_complete(served.invoke_startup())
    columns = [("_col", name) for name in _SHOWN]
    query = urlencode([("_sort_desc", "created_at"), ("_size", 50), *columns])
    path = f"/{Path(address).stem}/operation_runs?{query}"
    return lambda: loop.run_until_complete(served.client.get(path)).text
