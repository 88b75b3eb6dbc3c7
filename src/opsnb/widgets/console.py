"""The console: lists, detail and runbooks in one output area, each built only for somebody who may see it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import ipywidgets

from opsnb import links
from opsnb.bounds import parse_id
from opsnb.errors import AccessDenied, BadInput, OpsnbError
from opsnb.links import Links, Page, Route
from opsnb.ops import Ops
from opsnb.queries.run_page import TITLES
from opsnb.visit import current
from opsnb.widgets.background import later
from opsnb.widgets.notice import Notice
from opsnb.widgets.parts import Parts
from opsnb.widgets.refresh import Refresher, Refreshing
from opsnb.widgets.view import View, sentence


class Console(ipywidgets.VBox):  # type: ignore[misc]
    """Lists and detail in one output area.

    Parameters
    ----------
    ops
        Whose operations.
    page
        "runs", "failures", "stuck", "runbooks" or "run"; under Voila the page's own address decides what is shown.
    run
        Number of the operation, with page "run"; without one the list is shown.

    Raises
    ------
    BadInput
        If there is no such page.
    """

    def __init__(self, ops: Ops, page: str = "runs", run: int | None = None) -> None:
        super().__init__()
        self._showing: tuple[View, ...] = ()
        self.add_class("opsnb-console")
        self._ops = ops
        self._where, self._route = _place(page, run, ops.settings.public_url)
        self._list = links.page(Page.RUNS)
        self._refresher = Refresher(ops.settings.refresh, self._count_stuck)
        self._parts: Parts | None = None
        self.go(self._route.address, back=True)

    def go(self, address: str, back: bool = False) -> None:
        """Show the page at a canonical address; `back` where the browser's history stands there already."""
        try:
            route = links.read(address)
            self._ops.ensure_view()
        except BadInput as error:
            return self._only_notice("There is no such page", str(error))
        except AccessDenied as error:
            return self._only_notice("No access", str(error))
        except OpsnbError as error:
            self._route = route
            return self._cannot_tell(error)
        self._route = route
        self._show(route, back)
        return None

    def _show(self, route: Route, back: bool) -> None:
        parts = self._parts = self._parts or Parts(
            self._ops, self._where, self.go, lambda: self.go(self._list), self._refresher
        )
        navigation, target = parts.navigation, _target(parts, route)
        # In one message, and before the others hide: in between, JupyterLab would take the keys.
        with target.hold_sync():
            self._fill(parts, route)
            target.shown = True
            # Sent before it: whoever sees the new part may go back from it. Any sooner, it would be drawn alone.
            navigation.show(route, self._ops.actor.name, _title(route), back=back)
        for part in parts.pages:
            part.shown = part is target
        target.on_msg(self._heard)
        self._put(*parts.made)
        later(self._count_stuck, lambda show: show())

    def _fill(self, parts: Parts, route: Route) -> None:
        """Fill the part whose turn it is."""
        match route:
            case Route(Page.RUN, int(run_id)):
                parts.run_detail.show(run_id)
            case Route(Page.RUNBOOKS):
                parts.runbook_list.show()
            case _:
                self._list = route.address
                parts.run_list.show(route.page, route.query)

    def _heard(self, _widget: object, content: Any, _buffers: object) -> None:
        """Make the other parts as soon as the browser has drawn the first: a click shall find them there."""
        if self._parts and isinstance(content, dict) and content.get("type") == "drawn":
            list(self._parts)  # makes each that is not there
            self._put(*self._parts.made)

    def _count_stuck(self) -> Callable[[], None]:
        count = str(self._ops.count(Page.STUCK))
        return lambda: self._parts.navigation.set_trait("stuck", count) if self._parts else None

    def _cannot_tell(self, error: OpsnbError) -> None:
        """Say that the database does not answer: where something is shown already, beside it."""
        if self._parts is None:
            return self._only_notice("The operations cannot be read", sentence(error))
        for part in self._parts.pages:
            if part.shown and isinstance(part, Refreshing):
                part.stale(error)
            elif part.shown:
                part.failed(sentence(error))
        return None

    @cached_property
    def _notice(self) -> Notice:
        return Notice(lambda: self.go(self._route.address))

    def _only_notice(self, title: str, text: str) -> None:
        """Show nothing but a notice, and leave no row in the browser."""
        self._notice.show(title, text)
        for part in self._parts.made if self._parts else ():
            part.close()
        self._parts = None
        self._put(self._notice)

    def _put(self, *parts: View) -> None:
        if self._showing != parts:
            self._showing = parts
            self.set_trait("children", parts)

    def __repr__(self) -> str:
        if self._parts is None:
            return f"Console: {self._notice.state['title']}: {self._notice.state['text']}"
        return "Console: " + next((repr(part) for part in self._parts.pages if part.shown), "")


def _target(parts: Parts, route: Route) -> View:
    """Give the part whose turn it is."""
    match route:
        case Route(Page.RUN, int()):
            return parts.run_detail
        case Route(Page.RUNBOOKS):
            return parts.runbook_list
        case _:
            return parts.run_list


def _title(route: Route) -> str:
    if route.page is Page.RUN:
        return f"Operation #{route.run_id}"
    return TITLES.get(route.page, "Runbooks")


def _route(page: str, run: int | None) -> Route:
    if page not in set(Page):
        raise BadInput(f"There is no page {page!r}; there are {', '.join(Page)}.")
    if page != Page.RUN:
        return Route(Page(page))
    # Without a number the list is where one finds it.
    return Route(Page.RUNS) if run is None else Route(Page.RUN, run)


def _place(page: str, run: int | None, public_url: str) -> tuple[Links, Route]:
    """Find out what kind of page this kernel serves, and what its address asks for."""
    route = _route(page, run)
    visit = current()
    if visit is None:
        return Links(public_url.rstrip("/")), route
    if visit.base is not None:
        return Links(visit.base, "site"), links.read(f"{visit.path}?{visit.query}")
    query = dict(parse_qsl(visit.query, max_num_fields=50))
    number = query.pop("run", "")
    if page == Page.RUN and (run_id := parse_id(number)) is not None:
        route = Route(Page.RUN, run_id)
    base = os.environ.get("VOILA_BASE_URL", "/").rstrip("/")
    return Links(base, "render"), Route(route.page, route.run_id, query)
