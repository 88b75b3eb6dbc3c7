"""The widget of the three acts in the detail's header: asks, confirms and says what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opsnb import links
from opsnb.errors import InvalidReason, OpsnbError
from opsnb.links import Links
from opsnb.ops import Ops
from opsnb.queries.run import Run
from opsnb.text import moment, visible
from opsnb.triage import Act, Allowed, Refused, Standing
from opsnb.triage.decide import describe
from opsnb.triage.reasons import LONGEST, SHORTEST
from opsnb.widgets.view import View, asset, following, sentence
from opsnb.widgets.words import Payload, link

LABELS = {Act.RETRY: "Retry", Act.CANCEL: "Cancel", Act.MARK_INVESTIGATED: "Mark investigated"}
CONFIRM = {Act.RETRY: "Retry anyway", Act.CANCEL: "Cancel operation", Act.MARK_INVESTIGATED: "Mark investigated"}


@dataclass(frozen=True)
class Ask:
    """A question that was put: an answer counts once, for this act on this run, and with its `token`."""

    token: str
    act: Act
    run_id: int
    seen: str


class TriageBar(View):
    """Retry, Cancel and Mark investigated; built only for somebody who may manage operations.

    Parameters
    ----------
    ops
        Whose operations; every act is checked again there.
    where
        How addresses become links here.
    go
        Called with a canonical address when somebody follows a link.
    changed
        Called after an act, or when the run was found changed, so that the page shows the new truth.
    """

    _esm = asset("triage_bar.js", "dom.js", "times.js")
    _css = asset("triage_bar.css")

    def __init__(self, ops: Ops, where: Links, go: Callable[[str], None], changed: Callable[[], None]) -> None:
        super().__init__(
            {
                "go": following(go),
                "ask": self._asked,
                "confirm": self._confirmed,
                "dismiss": lambda _message: self._dismissed(),
            }
        )
        self._ops, self._where, self._changed = ops, where, changed
        self._run_id: int | None = None
        self._ask: Ask | None = None

    @property
    def asks(self) -> bool:
        """Whether a question is open."""
        return self._ask is not None

    def show(self, run_id: int, standing: Standing) -> None:
        """Show what may be done with a run; a question about another run is withdrawn, one about this one is kept."""
        same = run_id == self._run_id
        self._run_id = run_id
        self._ask = self._ask if same else None
        self.state = {
            "id": str(run_id),
            "seen": standing.seen,
            "acts": [_button(act, standing) for act in Act],
            "ask": {**self.state["ask"], "changed": self._changed_since(self._ask, standing)} if self._ask else None,
            "said": self.state.get("said") if same else None,
        }

    def _changed_since(self, ask: Ask, standing: Standing) -> str:
        """Say beside an open question that the run is not what it was when it was put."""
        if standing.seen == ask.seen:
            return ""
        now = moment(self._ops.now())
        name = f"Operation #{ask.run_id}"
        return f"{name} has changed since: it is {describe(standing.case)}, as of {now}. An answer would be refused."

    def _dismissed(self) -> None:
        outdated = bool((self.state.get("ask") or {}).get("changed"))
        self._put(None)
        if outdated:
            self._changed()

    def _asked(self, message: Mapping[str, Any]) -> None:
        act, run_id = _act(message), self._run_id
        if act is None or run_id is None or message.get("id") != str(run_id):
            return
        standing = self._ops.case(run_id)
        decision = standing.decide(act)
        if act is Act.RETRY and (isinstance(decision, Refused) or not decision.unusual):
            # There is nothing to ask: the attempt is made, and a refusal of it is on record.
            self._do(Ask("", act, run_id, str(message.get("seen"))), "")
        elif isinstance(decision, Refused):
            self._say(decision.reason, bad=True)
        else:
            self._put(Ask(secrets.token_urlsafe(16), act, run_id, standing.seen), standing, decision)

    def _confirmed(self, message: Mapping[str, Any]) -> None:
        ask = self._ask
        if ask is None or message.get("token") != ask.token or message.get("id") != str(ask.run_id):
            return
        self._do(ask, message.get("reason"))

    def _do(self, ask: Ask, reason: object) -> None:
        try:
            done = self._execute(ask, reason)
        except InvalidReason as error:
            self.state = {**self.state, "ask": {**self.state["ask"], "error": str(error)}}
        except OpsnbError as error:
            self._ask = None
            self._say(sentence(error), bad=True)
        else:
            self._ask = None
            self._say(*_outcome(ask.act, done, self._where))

    def _execute(self, ask: Ask, reason: object) -> Run:
        if ask.act is Act.RETRY:
            return self._ops.retry(ask.run_id, seen=ask.seen)
        if ask.act is Act.CANCEL:
            return self._ops.cancel(ask.run_id, seen=ask.seen)
        return self._ops.mark_investigated(ask.run_id, reason=reason, seen=ask.seen)  # type: ignore[arg-type]

    def _put(self, ask: Ask | None, standing: Standing | None = None, decision: Allowed | None = None) -> None:
        self._ask = ask
        shown = _question(ask, standing, decision, moment(self._ops.now())) if ask and standing and decision else None
        self.state = {**self.state, "ask": shown, "said": None}

    def _say(self, text: str, to: Payload | None = None, *, bad: bool = False) -> None:
        self.state = {**self.state, "ask": None, "said": {"text": visible(text), "link": to, "bad": bad}}
        self._changed()

    def failed(self, message: str) -> None:
        """Tell the browser that the last message came to nothing, and why."""
        self.state = {**self.state, "said": {"text": message, "link": None, "bad": True}}


def _act(message: Mapping[str, Any]) -> Act | None:
    name = message.get("act")
    return Act(name) if isinstance(name, str) and name in set(Act) else None


def _button(act: Act, standing: Standing) -> Payload:
    decision = standing.decide(act)
    reason = visible(decision.reason) if isinstance(decision, Refused) else ""
    return {"act": act, "label": LABELS[act], "refused": reason, "danger": act is Act.CANCEL}


def _question(ask: Ask, standing: Standing, decision: Allowed, now: str) -> Payload:
    name = f"Operation #{ask.run_id}"
    texts = {
        Act.RETRY: " ".join(decision.unusual),
        Act.CANCEL: f"{name} is {describe(standing.case)} as of {now}. Canceling completes it as failed, for good.",
        Act.MARK_INVESTIGATED: "",
    }
    return {
        "token": ask.token,
        "act": ask.act,
        "text": visible(texts[ask.act]),
        "confirm": CONFIRM[ask.act],
        "danger": ask.act is Act.CANCEL,
        "reason": [SHORTEST, LONGEST] if ask.act is Act.MARK_INVESTIGATED else None,
        "error": "",
        "changed": "",
    }


def _outcome(act: Act, run: Run, where: Links) -> tuple[str, Payload | None]:
    number = run.row.id
    if act is Act.RETRY:
        return "Retried as ", link(where, links.view(number), f"Operation #{number}")
    return f"Operation #{number} is {'canceled' if act is Act.CANCEL else 'marked investigated'}.", None
