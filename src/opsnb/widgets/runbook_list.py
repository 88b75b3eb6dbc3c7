"""The widget of the runbooks page: the team's notebooks, and what each is for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import traitlets

from opsnb import links
from opsnb.errors import OpsnbError
from opsnb.links import Links, Page
from opsnb.ops import Ops
from opsnb.runbooks import Runbook
from opsnb.text import visible
from opsnb.widgets.view import View, asset, following, sentence
from opsnb.widgets.words import Payload, link

EMPTY = "Notebooks with a title and a summary in their metadata would show here; put some into {folder}."


class RunbookList(View):
    """The runbooks.

    Parameters
    ----------
    ops
        Whose runbooks.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a link.
    """

    _esm = asset("runbook_list.js", "dom.js")
    _css = asset("runbook_list.css")
    shown = traitlets.Bool(False).tag(sync=True)  # until it is its turn

    def __init__(self, ops: Ops, where: Links, go: Callable[[str], None]) -> None:
        super().__init__({"go": following(go)})
        self._ops, self._where = ops, where
        self._count = 0

    def show(self) -> None:
        """Read and show the runbooks, or say why that cannot be done."""
        frame: Payload = {
            "action": link(self._where, links.page(Page.RUNS), "Show all operations"),
            "empty": EMPTY.format(folder=self._ops.settings.runbooks or "the folder that the setting runbooks names"),
            "error": "",
            "books": [],
        }
        try:
            books = [self._book(book) for book in self._ops.runbooks()]
        except OpsnbError as error:
            self.state = frame | {"error": sentence(error)}
            return
        self._count = len(books)
        self.state = frame | {"books": books}

    def _book(self, book: Runbook) -> Payload:
        types = ", ".join(self._ops.catalog.label(type_) for type_ in book.types)
        return {
            "title": visible(book.title, 200),
            "summary": visible(book.summary, 500),
            "types": visible(types, 300) or "Any type",
            "path": visible(f"{book.path.parent.name}/{book.path.name}", 200),
            "lab": _below_server(book.path) if self._where.style == "lab" else "",
        }

    def __repr__(self) -> str:
        return f"Runbooks: {self._count}"


def _below_server(path: Path) -> str:
    """Give the path that JupyterLab opens a notebook by; empty where its server cannot reach the notebook."""
    root = os.environ.get("JUPYTER_SERVER_ROOT")
    if not root or not path.resolve().is_relative_to(Path(root).resolve()):
        return ""
    return path.resolve().relative_to(Path(root).resolve()).as_posix()
