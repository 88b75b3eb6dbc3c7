"""The widget of the three lists: which operation should I open next?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import ipywidgets
import traitlets

from opsnb import links
from opsnb.bounds import parse_id
from opsnb.errors import DatabaseUnavailable, OpsnbError
from opsnb.links import Links, Page
from opsnb.models import as_utc
from opsnb.ops import Ops
from opsnb.queries.filters import NAMES, PLATFORM
from opsnb.queries.run_page import TITLES, RunPage
from opsnb.queries.updates import PageUpdate
from opsnb.text import fold, visible
from opsnb.widgets.activity_chart import ActivityChart
from opsnb.widgets.as_python import CURSORS, list_as_python
from opsnb.widgets.background import later
from opsnb.widgets.failure_groups import FailureGroupCards
from opsnb.widgets.refresh import Read, Refresher, Refreshing
from opsnb.widgets.view import asset, following, sentence
from opsnb.widgets.words import Payload, hiding, link, row, when

Query = Mapping[str, str]
QUICK = 0.2  # seconds: a page that takes longer is not read before somebody asks for it
EMPTY = {
    Page.RUNS: "Every operation of every workspace shows here, newest first, as soon as a worker records one.",
    Page.FAILURES: "Operations that completed and failed would show here. None did: nothing needs you.",
    Page.STUCK: "Operations that queue or run longer than their type allows would show here. None does.",
}


class RunList(Refreshing):
    """One list of operations with its filters, page by page.

    Parameters
    ----------
    ops
        Whose operations.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a link.
    refresher
        Reads again what is shown.
    foresee
        Called with the number of an operation that is likely to be opened next, and with whether it is opened just now.
    """

    _esm = asset(
        "run_list.js", "dom.js", "times.js", "refresh.js", "picker.js", "copy.js", "rows.js", "sheets.js", "foresee.js"
    )
    _css = asset("run_list.css", "refresh.css")
    panels = traitlets.List(traitlets.Instance(ipywidgets.Widget)).tag(sync=True, **ipywidgets.widget_serialization)
    count = traitlets.Unicode("").tag(sync=True)
    hidden = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        ops: Ops,
        where: Links,
        go: Callable[[str], None],
        refresher: Refresher,
        foresee: Callable[[int, bool], None],
    ) -> None:
        handlers = {
            "go": following(go),
            "choices": self._choices,
            "ahead": lambda _message: self._read_ahead(),
            "foresee": self._foresee,
        }
        super().__init__(handlers, ops, refresher, lambda: go(self.state["address"]))
        self._where, self._opens_next = where, foresee
        self.set_trait("panels", [ActivityChart(ops, where, go), FailureGroupCards(ops, where, go)])
        self._found: RunPage | None = None
        self._ahead: RunPage | None = None  # after which page one was read already
        self._took = 0.0
        self._page = Page.RUNS
        self._query: dict[str, str] = {}
        self._start: int | None = 1
        self._rows: list[Payload] = []

    def show(self, page: Page, query: Query) -> None:
        """Read and show one page of a list; where that fails, keep the last rows and say why."""
        self._refresher.overtake()
        began = time.monotonic()
        try:
            found = self._ops.read_list(page, **_wanted(query))
        except OpsnbError as error:
            self._not_found(page, query, error)
        else:
            self._took = time.monotonic() - began
            self._put(page, query, found)

    def _put(self, page: Page, query: Query, found: RunPage) -> None:
        same = self._is_same(page, query)
        self._start = self._first_number(query, same)
        self._page, self._query, self._found = page, dict(query), found
        self._rows = self._shown_rows(found)
        self.state = self._frame(page, query) | self._shown_of(found)
        self.current(found)
        self._count_later(page, _filters(query), same)
        # Whoever turns a page has the same operations around it.
        self._show_panels(anew=not any(name in query for name in CURSORS))

    def _shown_rows(self, found: RunPage) -> list[Payload]:
        return [row(record, self._where, found.as_of) for record in found.rows]

    def _read_ahead(self) -> None:
        """Read the page after the shown one, once: whoever turns to it sees it while it is read anew."""
        found, page, filters = self._found, self._page, _filters(self._query)
        if found is None or not found.next or found is self._ahead or self._took > QUICK:
            return
        self._ahead, query = found, {**filters, "after": found.next}
        later(
            lambda: self._ops.read_list(page, **_wanted(query)),
            lambda ahead: self._hand_ahead(links.page(page, query), ahead) if self._found is found else None,
        )

    def _hand_ahead(self, address: str, found: RunPage) -> None:
        as_of = when(found.as_of, found.as_of)
        self.send({"type": "ahead", "address": address, "rows": self._shown_rows(found), "as_of": as_of})

    def _foresee(self, message: Mapping[str, Any]) -> None:
        quick = self._took <= QUICK and not self.fresh.get("since")
        if quick and message.get("id") in {shown["id"] for shown in self._rows}:
            self._opens_next(int(message["id"]), bool(message.get("pressed")))

    def _show_panels(self, *, anew: bool) -> None:
        for panel in self.panels:
            panel.show(self._page, _filters(self._query), anew=anew)

    def close(self) -> None:
        """Close the panels along with the list."""
        for panel in self.panels:
            panel.close()
        super().close()

    def _not_found(self, page: Page, query: Query, error: OpsnbError) -> None:
        same, unanswered = self._is_same(page, query), isinstance(error, DatabaseUnavailable)
        if not same or query != self._query:
            self._found = None
            for panel in self.panels:
                panel.clear()
        self._page, self._query = page, dict(query)
        self._rows = self._rows if same else []
        self.state = self._frame(page, query) | {"error": "" if unanswered else sentence(error), "rows": self._rows}
        if unanswered:
            self.stale(error, kept=same)

    def _is_same(self, page: Page, query: Query) -> bool:
        return (page, _filters(query)) == (self._page, _filters(self._query))

    def again(self) -> Read:
        """Give what reads the rows on screen as they are now; a page that could not be read is read as a whole."""
        page, query, found = self._page, self._query, self._found

        def read_page() -> Callable[[], None]:
            whole = self._ops.read_list(page, **_wanted(query))
            return lambda: self._put(page, query, whole)

        def read_update() -> Callable[[], None]:
            update = self._ops.update(found, **_filters(query))  # type: ignore[arg-type] # see below
            counts = self._counts(page, _filters(query))
            return lambda: self._bring(update, counts)

        return read_page if found is None else read_update

    def _counters(self, page: Page, filters: Query) -> dict[str, Callable[[], str]]:
        """Give what counts, by the trait that shows it."""
        counters = {"count": lambda: str(self._ops.count(page, **filters))}
        if filters.get("unhandled") == "true":
            counters["hidden"] = lambda: hiding(self._ops.hidden(page, **filters))
        return counters

    def _counts(self, page: Page, filters: Query) -> dict[str, str]:
        """Count the list; what takes too long is left out, and the last count stands."""
        counts = {}
        for name, counter in self._counters(page, filters).items():
            with suppress(DatabaseUnavailable):
                counts[name] = counter()
        return counts

    def _bring(self, update: PageUpdate, counts: Mapping[str, str]) -> None:
        """Show the rows as they are now, each in its place; new ones are only told of."""
        self._rows = [self._changed(shown, update) for shown in self._rows]
        self.state = {**self.state, "rows": self._rows}
        for name, text in counts.items():
            self.set_trait(name, text)
        self._show_panels(anew=False)
        self.current(update, new=str(update.new or ""), left=len(update.left))

    def _changed(self, shown: Payload, update: PageUpdate) -> Payload:
        number = int(shown["id"])
        if number not in update.rows:
            return {**shown, "left": "removed"}
        now = row(update.rows[number], self._where, update.as_of)
        return {**now, "left": "left this list"} if number in update.left else now

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
            "read": self.state.get("read", 0) + 1,
            "address": links.page(page, query),
            "root": links.page(page),
            "filters": {name: self._shown(name, value) for name, value in filters.items()},
            "clear": link(self._where, links.page(page), "Clear filters"),
            "error": "",
            "empty": "No operation matches these filters." if filters else EMPTY[page],
            "pager": {},
        }

    def _shown_of(self, found: RunPage) -> Payload:
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
            "note": found.note,
            "python": list_as_python(self._ops, self._page, self._query),
            "pager": {**pager, "first": first},
        }

    def _shown(self, name: str, value: str) -> Payload:
        """Give a filter's value and how to show it; a moment as a time, which is told in the reader's zone."""
        text = value
        if name in ("since", "until") and (time := as_utc(value)):
            return {"value": value, "when": {**when(time, time), "form": "minute", "short": f"{time:%d %b %H:%M}"}}
        if name == "tenant" and value == PLATFORM:
            text = "Platform operations"
        elif name in ("workspace", "tenant") and (number := parse_id(value.strip().removeprefix("#"))) is not None:
            text = self._name_of(name, number, value)
        elif name == "type":
            text = self._ops.catalog.label(value)
        return {"value": value, "text": visible(text, 60)}

    def _name_of(self, name: str, number: int, value: str) -> str:
        try:
            return self._ops.label(name, number)
        except OpsnbError:
            return value

    def _count_later(self, page: Page, filters: Query, same: bool) -> None:
        if not same:
            self.count = self.hidden = ""
        for name, counter in self._counters(page, filters).items():
            later(counter, partial(self._show_count, page, filters, name))

    def _show_count(self, page: Page, filters: Query, name: str, text: str) -> None:
        if (page, filters) == (self._page, _filters(self._query)):
            self.set_trait(name, text)

    def _choices(self, message: Mapping[str, Any]) -> None:
        name, text = str(message.get("name")), str(message.get("text", ""))[:200]
        found = [{"value": c.value, "text": visible(c.label, 120), "note": visible(c.note, 80)}
                 for c in self._ops.choices(name, text)]  # fmt: skip
        if name == "tenant" and "platform operations".startswith(fold(text).strip()):
            found.insert(0, {"value": PLATFORM, "text": "Platform operations", "note": "no tenant"})
        self.send({"type": "choices", "name": name, "text": text, "choices": found})

    def __repr__(self) -> str:
        return f"{TITLES[self._page]}: {len(self._rows)} on this page"


def _filters(query: Query) -> dict[str, str]:
    return {name: query[name] for name in NAMES if query.get(name)}


def _wanted(query: Query) -> dict[str, Any]:
    return {name: query[name] for name in (*NAMES, *CURSORS) if query.get(name)}
