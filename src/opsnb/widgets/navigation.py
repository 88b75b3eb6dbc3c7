"""The widget above every page: where one is, where else one can go, and the address in the browser's bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from opsnb import links
from opsnb.links import LISTS, Links, Page, Route
from opsnb.text import visible
from opsnb.widgets.view import View, asset
from opsnb.widgets.words import link

TABS = ((Page.RUNS, "Operations"), (Page.FAILURES, "Failed"), (Page.STUCK, "Stuck"), (Page.RUNBOOKS, "Runbooks"))


class Navigation(View):
    """Tabs of the pages, and the browser's address and history where the page is a site of its own.

    Parameters
    ----------
    where
        How addresses become links here.
    go
        Called with a canonical address, and with whether the browser's history already stands there.
    """

    _esm = asset("navigation.js", "dom.js", "times.js", "keys.js")
    _css = asset("navigation.css", "base.css")  # once for all parts: a browser matches every copy with every element
    stuck = traitlets.Unicode("").tag(sync=True)

    def __init__(self, where: Links, go: Callable[[str, bool], None]) -> None:
        super().__init__({"go": lambda message: go(str(message.get("address")), bool(message.get("back")))})
        self._where = where
        self._left: dict[Page, str] = {}

    def show(self, route: Route, actor: str, title: str, *, back: bool) -> None:
        """Show where one is; `back` where the browser's history stands there already."""
        if route.page in LISTS:
            self._left[route.page] = route.address
        self.state = {
            "tabs": [self._tab(page, label, route) for page, label in TABS],
            "actor": visible(actor, 80),
            "title": f"{title} · opsnb",
            "address": route.address,
            "href": self._where.href(route.address),
            "style": self._where.style,
            "base": self._where.base,
            "back": back,
        }

    def _tab(self, page: Page, label: str, route: Route) -> Mapping[str, Any]:
        # A list is found again as it was left, filters included; the tab of the shown one leads to the whole of it.
        address = links.page(page) if route.page is page else self._left.get(page, links.page(page))
        return {**link(self._where, address, label), "current": route.page is page, "page": page}
