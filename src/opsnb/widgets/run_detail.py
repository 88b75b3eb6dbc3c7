"""The widget of one operation: what happened, and what follow-up is appropriate?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import ipywidgets
import traitlets

from opsnb import links
from opsnb.access import Capability
from opsnb.errors import DatabaseUnavailable, OpsnbError, RunNotFound, log
from opsnb.links import Links, Page
from opsnb.models import Status
from opsnb.ops import Ops
from opsnb.queries.detail import Relative
from opsnb.queries.run import Run
from opsnb.text import visible
from opsnb.triage import Standing
from opsnb.widgets.as_python import run_as_python
from opsnb.widgets.background import later, soon
from opsnb.widgets.freezing import freeze
from opsnb.widgets.history import History
from opsnb.widgets.operation import facts, happened, investigated, lineage, verdict
from opsnb.widgets.refresh import Read, Refresher, Refreshing
from opsnb.widgets.tree import tree
from opsnb.widgets.triage_bar import TriageBar
from opsnb.widgets.view import asset, following, sentence
from opsnb.widgets.words import LINE, Payload, link, outcome_badge, status_badge, when

TEXT_LIMIT = 20_000


class RunDetail(Refreshing):
    """One operation with its timeline, facts, context and retry lineage.

    Parameters
    ----------
    ops
        Whose operations.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a link.
    back
        Called when somebody wants back to the list they came from.
    refresher
        Reads again what is shown, until it is completed.
    """

    _esm = asset("run_detail.js", "dom.js", "times.js", "refresh.js", "copy.js", "evidence.js", "foreseen.js")
    _css = asset("run_detail.css", "refresh.css")

    history = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)
    bar = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(
        self,
        ops: Ops,
        where: Links,
        go: Callable[[str], None],
        back: Callable[[], None],
        refresher: Refresher,
    ) -> None:
        handlers = {"go": following(go), "back": lambda _message: back(), "copy": self._copy}
        # A published page hands out no file: there the button is not built, and nobody listens for it.
        self._freezes = {} if ops.read_only else {"evidence": self._freeze}
        super().__init__(handlers | self._freezes, ops, refresher, lambda: go(self.state["address"]))
        self._where, self._go = where, go
        self._history = History(where, go)
        self.set_trait("history", self._history)
        self._run: Run | None = None
        self._id: int | None = None

    def show(self, run_id: int) -> None:
        """Read and show an operation; where that fails, say why, and keep what is shown of the same operation."""
        self._refresher.overtake()
        known = self._run if self._id == run_id else None
        self._id = run_id
        self._place_bar(run_id)
        frame = self._frame(run_id) | {"read": self.state.get("read", 0) + 1}
        try:
            self._run = self._ops.run(run_id)
        except RunNotFound as error:
            self._is_missing(frame, str(error))
        except OpsnbError as error:
            self._not_shown(frame, known, error)
        else:
            self._put(frame, self._run, self._content(self._run))

    def foresee(self, run_id: int, *, at_once: bool) -> None:
        """Read an operation that may be opened next, and give it to the browser, which draws it as soon as it is.

        It is read anew then, and what cannot be read is told there.
        """

        def read() -> Payload | None:
            with suppress(OpsnbError):
                run = self._ops.run(run_id)
                return {
                    "type": "foreseen",
                    "state": self._frame(run_id) | self._content(run),
                    "as_of": when(run.as_of, run.as_of),
                    "href": self._where.href(links.view(run_id)),
                }
            return None

        def hand_over(found: Payload | None) -> None:
            if found is not None:
                self.send(found)

        if at_once:
            hand_over(read())
        else:
            later(read, hand_over)

    def _put(self, frame: Payload, run: Run, content: Payload) -> None:
        self._run = run
        self.state = frame | content
        soon(lambda: self._history.show(run))
        self.current(run, live=run.row.status != Status.COMPLETED)

    def _is_missing(self, frame: Payload, message: str) -> None:
        self._run = None
        self.state = frame | {"missing": message}
        self._tell({"wait": 0})

    def _not_shown(self, frame: Payload, known: Run | None, error: OpsnbError) -> None:
        unanswered = isinstance(error, DatabaseUnavailable)
        self._run = known
        kept = {**self.state, "read": frame["read"]} if known else frame
        self.state = kept | {"error": "" if unanswered else sentence(error)}
        if unanswered:
            self.stale(error, kept=known is not None)

    def again(self) -> Read | None:
        """Give what reads the operation as it is now, and what may be done with it."""
        run_id = self._id
        if run_id is None:
            return None
        frame = self._frame(run_id) | {"read": self.state["read"]}

        def read() -> Callable[[], None]:
            try:
                run = self._ops.run(run_id)
            except RunNotFound as error:
                message = str(error)
                return lambda: self._is_missing(frame, message)
            content = self._content(run)
            may, standing = self._standing(run_id)
            return lambda: self._bring(frame, run, content, may, standing)

        return read

    def _standing(self, run_id: int) -> tuple[bool, Standing | None]:
        """Read whether somebody may act, and on what; without an answer, what was known stands."""
        try:
            may = self._ops.can(Capability.MANAGE)
            return may, self._ops.case(run_id) if may else None
        except OpsnbError as error:
            log.info("no news for the triage bar: %s", error)
            return self.bar is not None, None

    def _bring(self, frame: Payload, run: Run, content: Payload, may: bool, standing: Standing | None) -> None:
        """Show the operation as it is now; beside an open question the page stands still."""
        if standing is not None:
            self._show_bar(run.row.id, standing)
        elif not may:
            self._drop_bar()
        if self.bar is not None and self.bar.asks:
            self._tell({**self.fresh, "since": None, "error": "", "wait": self._refresher.answered()})
        else:
            self._put(frame, run, content)

    def _place_bar(self, run_id: int) -> None:
        """Give the header its triage bar, built only for somebody who may manage operations just now."""
        try:
            if self._ops.can(Capability.MANAGE):
                self._show_bar(run_id, self._ops.case(run_id))
                return
        except OpsnbError as error:
            log.info("no triage bar: %s", error)
        self._drop_bar()

    def _show_bar(self, run_id: int, standing: Standing) -> None:
        bar = self.bar or TriageBar(self._ops, self._where, self._go, self._after_act)
        bar.show(run_id, standing)
        self.bar = bar

    def _drop_bar(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _after_act(self) -> None:
        if self._id is not None:
            self.show(self._id)

    def close(self) -> None:
        """Close the triage bar and the history along with the page."""
        self._history.close()
        self._drop_bar()
        super().close()

    def _frame(self, run_id: int) -> Payload:
        return {
            "id": str(run_id),
            "back": link(self._where, links.page(Page.RUNS), "Show all operations"),
            "runbooks": link(self._where, links.page(Page.RUNBOOKS), "Go to runbooks"),
            "address": links.view(run_id),
            "error": "",
            "missing": "",
        }

    def _content(self, run: Run) -> Payload:
        record = run.row
        family, unknown = self._family(run)
        return {
            "label": visible(record.label, LINE),
            "status": status_badge(record.status),
            "outcome": outcome_badge(record.outcome),
            "verdict": verdict(run),
            "mark": investigated(run, self._ops.masker.mask_text),
            "facts": facts(run),
            "timeline": self._part(lambda: [happened(event, run, self._where) for event in run.timeline(family)]),
            "lineage": {"items": lineage(family, self._where), "error": unknown},
            "context": self._context(run),
            "python": run_as_python(self._ops, record.id),
            "freezes": bool(self._freezes),
        }

    @staticmethod
    def _family(run: Run) -> tuple[list[Relative], str]:
        """Read the lineage once for timeline and panel, or say why not: the timeline tells the rest without it."""
        try:
            return run.lineage(), ""
        except OpsnbError as error:
            return [], sentence(error)

    @staticmethod
    def _part(read: Callable[[], list[Payload]]) -> Payload:
        """Read a part that the rest of the page does not depend on: its failure is said in its own place."""
        try:
            return {"items": read(), "error": ""}
        except OpsnbError as error:
            return {"items": [], "error": sentence(error)}

    def _context(self, run: Run) -> Payload:
        value = _json(run)
        if value is not None:
            return {"tree": tree(self._ops.masker.mask(value)), "text": ""}
        text = self._ops.masker.mask_text(run.context_text[: 2 * TEXT_LIMIT])[:TEXT_LIMIT]
        return {"tree": None, "text": visible(text) or "empty"}

    def _copy(self, _message: Mapping[str, Any]) -> None:
        if self._run is None:
            return
        self._ops.ensure_view()
        value = _json(self._run)
        text = (
            json.dumps(self._ops.masker.mask(value), indent=2, ensure_ascii=True)
            if value is not None
            else visible(self._ops.masker.mask_text(self._run.context_text))
        )
        self.send({"type": "copied", "text": text})

    def _freeze(self, _message: Mapping[str, Any]) -> None:
        ops, run_id = self._ops, self._id
        if run_id is not None:
            later(lambda: freeze(ops, run_id), lambda hand_over: hand_over(self))

    def __repr__(self) -> str:
        return (
            repr(self._run) if self._run else "Operation" if self._id is None else f"Operation #{self._id}: not shown"
        )


def _json(run: Run) -> Any:
    try:
        return run.context or json.loads(run.context_text)
    except (ValueError, RecursionError):
        return None
