"""Flask-Admin: a `ModelView` of runs."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy.orm import scoped_session, sessionmaker

from benchmarks.peers.tables import COLUMNS, OperationRun, engine


class Runs(ModelView):  # type: ignore[misc]
    """The list of runs."""

    column_list = COLUMNS
    column_default_sort = [("created_at", True), ("id", True)]  # noqa: RUF012 - as its documentation says
    column_filters = ["status", "outcome"]  # noqa: RUF012
    page_size = 50


class Uncounted(Runs):
    """The same, without the number of pages."""

    simple_list_pager = True


def page(address: str, *, counted: bool = True) -> Callable[[], str]:
    """Give what asks for the page."""
    app = Flask(__name__)
    app.secret_key = "benchmark"
    session = scoped_session(sessionmaker(engine(address)))
    app.teardown_appcontext(lambda _error: session.remove())
    Admin(app).add_view((Runs if counted else Uncounted)(OperationRun, session, endpoint="runs"))
    client = app.test_client()
    return lambda: client.get("/admin/runs/").get_data(as_text=True)
