"""The panel above the failures: a hundred failures are mostly three problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import traitlets

from opsnb import links
from opsnb.links import Links, Page
from opsnb.ops import Ops
from opsnb.queries.groups import FailureGroup, FailureGroups
from opsnb.text import visible
from opsnb.widgets.panel import Panel
from opsnb.widgets.view import asset, following
from opsnb.widgets.words import LINE, Payload, link, when

MOST = 100
_SPANS = (
    ("last_hour", "in 1 h", timedelta(hours=1)),
    ("last_day", "in 24 h", timedelta(days=1)),
    ("last_week", "in 7 d", timedelta(days=7)),
)


class FailureGroupCards(Panel):
    """Failure groups as cards, each a link to the failures of its group.

    Parameters
    ----------
    ops
        Whose operations.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a card.
    """

    _esm = asset("failure_groups.js", "dom.js", "times.js")
    _css = asset("failure_groups.css")
    active = traitlets.Unicode("").tag(sync=True)

    def __init__(self, ops: Ops, where: Links, go: Callable[[str], None]) -> None:
        super().__init__({"go": following(go)})
        self._ops, self._where = ops, where

    def show(self, page: Page, asked: Mapping[str, str], *, anew: bool) -> None:
        """Show the groups of a list's failures, also of those that its group leaves out; on other lists nothing."""
        self.shown = page is Page.FAILURES
        if not self.shown:
            return self.clear()
        self.set_trait("active", asked.get("group", ""))
        rest = {name: value for name, value in asked.items() if name != "group"}
        return self.load(tuple(rest.items()), lambda: self._read(rest), anew=anew)

    def _read(self, rest: Mapping[str, str]) -> Payload:
        found = self._ops.failure_groups(limit=MOST, **rest)
        return {
            "cards": [self._card(group, rest, found) for group in found],
            "all": link(self._where, links.page(Page.FAILURES, rest), ""),
            "failures": found.failures,
            "found": found.groups_found,
            "since": when(found.oldest or found.since, found.as_of),
            "until": when(found.until, found.as_of) if found.until else None,
            "cut": f"the newest {found.failures:,} failures" if found.oldest else "",
            "error": "",
        }

    def _card(self, group: FailureGroup, rest: Mapping[str, str], found: FailureGroups) -> Payload:
        address = links.page(Page.FAILURES, {**rest, "group": group.group})
        return {
            "group": group.group,
            **link(self._where, address, visible(group.label, LINE)),
            "error": group.error,
            "failures": group.failures,
            "tenants": group.tenants,
            "first": when(group.first_seen, found.as_of),
            "last": when(group.last_seen, found.as_of),
            "counts": [f"{getattr(group, name):,} {text}" for name, text, span in _SPANS if _covers(found, span)],
        }


def _covers(found: FailureGroups, span: timedelta) -> bool:
    """Whether all that was created in the `span` before the moment shown was looked at."""
    since: datetime | None = found.oldest or found.since
    return (since is None or since <= found.as_of - span) and (found.until is None or found.until >= found.as_of)
