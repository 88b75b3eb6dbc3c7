"""The widget of the three lists: which operation should I open next?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from opsnb import links
from opsnb.errors import OpsnbError
from opsnb.links import Links, Page
from opsnb.ops import Ops
from opsnb.queries.filters import NAMES, PLATFORM
from opsnb.queries.pages import TITLES, Count, RunPage
from opsnb.text import caveat, clock, visible
from opsnb.widgets.background import later
from opsnb.widgets.view import View, asset, following, sentence
from opsnb.widgets.words import Payload, link, row

Query = Mapping[str, str]
EMPTY = {
    Page.RUNS: "Every operation of every workspace shows here, newest first, as soon as a worker records one.",
    Page.FAILURES: "Operations that completed and failed would show here. None did: nothing needs you.",
    Page.STUCK: "Operations that queue or run longer than their type allows would show here. None does.",
}
CURSORS = ("after", "before")


class RunList(View):
    """One list of operations with its filters, page by page.

    Parameters
    ----------
    ops
        Whose operations.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a link.
    """

    _esm = asset("run_list.js", "dom.js", "times.js", "picker.js")
    _css = asset("run_list.css", "base.css")
    count = traitlets.Unicode("").tag(sync=True)

    def __init__(self, ops: Ops, where: Links, go: Callable[[str], None]) -> None:
        super().__init__(
            {
                "go": following(go),
                "choices": self._choices,
            }
        )
        self._ops, self._where = ops, where
        self._page = Page.RUNS
        self._query: dict[str, str] = {}
        self._start: int | None = 1
        self._rows: list[Payload] = []

    def show(self, page: Page, query: Query) -> None:
        """Read and show one page of a list; where that fails, keep the last rows and say why."""
        same = (page, _filters(query)) == (self._page, _filters(self._query))
        start = self._first_number(query, same)
        wanted: dict[str, Any] = {name: query[name] for name in (*NAMES, *CURSORS) if query.get(name)}
        try:
            found = self._ops.read_list(page, **wanted)
        except OpsnbError as error:
            self._page, self._query = page, dict(query)
            self.state = self._frame(page, query) | {"error": sentence(error), "rows": self._rows if same else []}
            return
        self._page, self._query, self._start = page, dict(query), start
        self._rows = [row(record, self._where, found.as_of) for record in found.rows]
        self.state = self._frame(page, query) | self._found(found)
        self._count_later(page, _filters(query), same)

    def _first_number(self, query: Query, same: bool) -> int | None:
        """Which row of the list the page begins with; None where nobody has counted that far."""
        if not any(name in query for name in CURSORS):
            return 1
        if not same or self._start is None:
            return None
        if dict(query) == self._query:
            return self._start
        size = self._ops.settings.page_size
        if "after" in query:
            return self._start + len(self._rows)
        return self._start - size if self._start > size else None

    def _frame(self, page: Page, query: Query) -> Payload:
        action = (Page.RUNBOOKS, "Go to runbooks") if page is Page.RUNS else (Page.RUNS, "Show all operations")
        filters = _filters(query)
        return {
            "page": page,
            "title": TITLES[page],
            "action": link(self._where, links.page(action[0]), action[1]),
            "address": links.page(page, query),
            "root": links.page(page),
            "filters": {name: self._shown(name, value) for name, value in filters.items()},
            "clear": link(self._where, links.page(page), "Clear filters"),
            "error": "",
            "empty": "No operation matches these filters." if filters else EMPTY[page],
            "pager": {},
            "as_of": "",
        }

    def _found(self, found: RunPage) -> Payload:
        filters = _filters(self._query)
        pager = {
            name: links.page(self._page, {**filters, key: cursor})
            for name, key, cursor in (("newer", "before", found.previous), ("older", "after", found.next))
            if cursor
        }
        if self._start is not None and found.rows:
            pager["range"] = f"{self._start:,}–{self._start + len(found.rows) - 1:,}"
        first = links.page(self._page, filters) if found.previous else ""
        return {
            "rows": self._rows,
            "pager": {**pager, "first": first},
            "as_of": f"{clock(found.as_of)} UTC{caveat(found.behind, found.instead)}",
        }

    def _shown(self, name: str, value: str) -> Payload:
        text = value
        if name == "tenant" and value == PLATFORM:
            text = "Platform operations"
        elif name in ("workspace", "tenant") and value.isascii() and value.isdigit():
            text = self._name_of(name, int(value))
        elif name == "type":
            text = self._ops.catalog.label(value)
        return {"value": value, "text": visible(text, 60)}

    def _name_of(self, name: str, number: int) -> str:
        try:
            return self._ops.label(name, number)
        except OpsnbError:
            return f"#{number}"

    def _count_later(self, page: Page, filters: Query, same: bool) -> None:
        if not same:
            self.count = ""

        def done(count: Count) -> None:
            if (page, filters) == (self._page, _filters(self._query)):
                self.count = str(count)

        later(lambda: self._ops.count(page, **filters), done)

    def _choices(self, message: Mapping[str, Any]) -> None:
        name, text = str(message.get("name")), str(message.get("text", ""))[:200]
        found = [{"value": c.value, "text": visible(c.label, 120), "note": visible(c.note, 80)}
                 for c in self._ops.choices(name, text)]  # fmt: skip
        if name == "tenant" and "platform operations".startswith(text.casefold().strip()):
            found.insert(0, {"value": PLATFORM, "text": "Platform operations", "note": "no tenant"})
        self.send({"type": "choices", "name": name, "text": text, "choices": found})

    def __repr__(self) -> str:
        return f"{TITLES[self._page]}: {len(self._rows)} on this page"


def _filters(query: Query) -> dict[str, str]:
    return {name: query[name] for name in NAMES if query.get(name)}
