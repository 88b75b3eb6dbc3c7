"""The canonical addresses of the pages, and what each shows."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from opsnb.errors import BadInput

HOME = "/system/ops/runs"
PAGES = {
    r"/system/ops/runs": "runs.ipynb",
    r"/system/ops/failures": "failures.ipynb",
    r"/system/ops/stuck": "stuck.ipynb",
    r"/system/ops/runbooks": "runbooks.ipynb",
    r"/system/ops/runs/[0-9]{1,19}": "run.ipynb",
}
ROUTES = {notebook: path.replace("[0-9]{1,19}", "{id}") for path, notebook in PAGES.items()}
_BASE = re.compile(r"/|(/[\w.~@-]+)+/?", re.ASCII)
_NOT_OURS = ("template", "theme")


def read_base_url(text: str) -> str:
    """Give a base URL as Voila wants it, with a slash at both ends.

    Raises
    ------
    BadInput
        If it is not a plain path that starts with a slash.
    """
    if not _BASE.fullmatch(text):
        raise BadInput(f"--base-url must be a plain path such as / or /team/ops, not {text!r}.")
    return text.rstrip("/") + "/"


def route(base_url: str, pattern: str) -> str:
    """Give the regular expression of `pattern` under a base URL."""
    return re.escape(base_url.rstrip("/")) + pattern


def page_query(query: str) -> str:
    """Leave a page's query as it is, but for the two arguments with which Voila changes its template."""
    return without(query, *_NOT_OURS)


def without(query: str, *names: str) -> str:
    """Leave a query as it is, but for the arguments of these names."""
    return "&".join(part for part in query.split("&") if unquote_plus(part.split("=", 1)[0]) not in names)
