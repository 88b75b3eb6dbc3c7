"""sqladmin: a `ModelView` of runs in a Starlette application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from httpx import ASGITransport, AsyncClient
from sqladmin import Admin, ModelView
from sqladmin.filters import StaticValuesFilter
from starlette.applications import Starlette

from benchmarks.peers.tables import COLUMNS, OUTCOMES, STATUSES, OperationRun, engine


class Runs(ModelView, model=OperationRun):
    """The list of runs."""

    column_list = COLUMNS
    column_default_sort = [("created_at", True), ("id", True)]  # noqa: RUF012 - as its documentation says
    column_filters = [  # noqa: RUF012
        StaticValuesFilter(OperationRun.status, values=[(each, each) for each in STATUSES]),
        StaticValuesFilter(OperationRun.outcome, values=[(each, each) for each in OUTCOMES]),
    ]
    page_size = 50
    page_size_options = [50]  # noqa: RUF012


def page(address: str) -> Callable[[], str]:
    """Give what asks for the page."""
    app = Starlette()
    Admin(app, engine(address)).add_view(Runs)
    loop = asyncio.new_event_loop()
    client = AsyncClient(transport=ASGITransport(app=app), base_url="http://peer")
    return lambda: loop.run_until_complete(client.get("/admin/operation-run/list")).text
