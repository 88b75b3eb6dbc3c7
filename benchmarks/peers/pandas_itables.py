"""pandas.read_sql and itables: a notebook's own way, with a LIMIT that its writer has thought of."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from itables import to_html_datatable

from benchmarks.peers.tables import engine

_NEWEST = """
    SELECT r.id, r.type, r.status, r.outcome, w.name AS workspace, t.name AS tenant, r.initiator_name, r.created_at,
        r.started_at, r.completed_at
    FROM operation_runs r JOIN workspaces w ON w.id = r.workspace_id LEFT JOIN tenants t ON t.id = r.tenant_id
    ORDER BY r.created_at DESC, r.id DESC LIMIT 50
"""


def page(address: str) -> Callable[[], str]:
    """Give what reads the newest runs and makes the table of them."""
    return lambda: str(to_html_datatable(pd.read_sql(_NEWEST, engine(address)), connected=True))
