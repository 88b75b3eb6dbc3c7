"""The panel of an operation's type: was it slow, and did it fail, before?"""

from __future__ import annotations

from collections.abc import Callable

from opsnb import links
from opsnb.links import Links
from opsnb.models import Outcome, Status
from opsnb.queries.history import PastRun, TypeHistory
from opsnb.queries.run import Run
from opsnb.widgets.panel import Panel
from opsnb.widgets.view import asset, following
from opsnb.widgets.words import Payload, link, outcome_badge, span, status_badge, when


class History(Panel):
    """The last runs of a type as bars of how long they ran, each a link to its run.

    Parameters
    ----------
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a bar.
    """

    _esm = asset("history.js", "dom.js", "times.js", "bars.js")
    _css = asset("history.css", "bars.css")

    def __init__(self, where: Links, go: Callable[[str], None]) -> None:
        super().__init__({"go": following(go)})
        self._where = where

    def show(self, run: Run) -> None:
        """Show the runs of its type up to `run`."""
        self.load(run.row.id, lambda: self._payload(run.history()), anew=False)

    def _payload(self, found: TypeHistory) -> Payload:
        longest = max((_seconds(run) for run in found.runs), default=0.0)
        return {"bars": [self._bar(run, found, longest) for run in found.runs], "error": ""}

    def _bar(self, run: PastRun, found: TypeHistory, longest: float) -> Payload:
        state = outcome_badge(run.outcome) if run.status == Status.COMPLETED else status_badge(run.status)
        return {
            **link(self._where, links.view(run.id), f"#{run.id}"),
            "key": str(run.id),
            "kind": _kind(run),
            "state": state["text"].lower(),
            "share": _seconds(run) / longest if longest else 0.0,
            "ran": span(run.ran_for),
            "created": when(run.created_at, found.as_of),
            "marked": run.this,
        }


def _seconds(run: PastRun) -> float:
    """Give for how long it ran; what is unknown, or negative because clocks disagree, has no height."""
    return max(0.0, run.ran_for.total_seconds()) if run.ran_for is not None else 0.0


def _kind(run: PastRun) -> str:
    if run.status in (Status.QUEUED, Status.RUNNING):
        return run.status
    return run.outcome if run.outcome in set(Outcome) - {Outcome.PENDING} else "other"
