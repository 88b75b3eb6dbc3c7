"""What may be done with a run, as data: asked by what shows the acts and by what executes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from opsnb.audit import Action
from opsnb.catalog import OperationType
from opsnb.models import Outcome, Status, as_utc
from opsnb.text import moment, visible

LIVE = (Status.QUEUED, Status.RUNNING)


class Act(StrEnum):
    """The three acts, in the order they are shown."""

    RETRY = "retry"
    CANCEL = "cancel"
    MARK_INVESTIGATED = "mark_investigated"

    @property
    def action(self) -> Action:
        """What the audit calls it."""
        return Action[self.name]


@dataclass(frozen=True)
class Allowed:
    """The act may be done; `unusual` says what a careful operator would want to know before."""

    unusual: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """The act may not be done, for a `reason` that a person understands."""

    reason: str


Decision = Allowed | Refused


@dataclass(frozen=True)
class Retry:
    """A retry of a run, created by `by` at `at` (tz-aware UTC).

    `status` is "queued" or "running", or its outcome once it completed.
    """

    id: int
    by: str | None
    at: datetime | None
    status: str


@dataclass(frozen=True)
class Case:
    """All that a decision depends on.

    Parameters
    ----------
    run
        Columns of the run; times tz-aware UTC.
    context
        Its context, or None where that is no JSON object.
    kind
        Its type in the catalog, or None.
    live_retry
        A retry of it that is still queued or running.
    sibling
        A queued or running retry of the run that this one retries itself.
    earlier
        The newest of its retries that have completed.
    """

    run: Mapping[str, Any]
    context: Mapping[str, Any] | None
    kind: OperationType | None
    live_retry: Retry | None
    sibling: Retry | None = None
    earlier: Retry | None = None

    @property
    def triage(self) -> Mapping[str, Any]:
        """What earlier triage left in the context."""
        found = (self.context or {}).get("triage")
        return found if isinstance(found, Mapping) else {}

    @property
    def seen(self) -> str:
        """A fingerprint of what an operator decides on; it changes when the run moves on."""
        state = [self.run["status"], self.run["outcome"], self.triage]
        return hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Standing:
    """What may be done with a run as it stands; `denied` says why its reader may do nothing at all."""

    case: Case
    denied: Refused | None = None

    @property
    def seen(self) -> str:
        """Goes along with an act, so that it is refused if the run has changed since."""
        return self.case.seen

    def decide(self, act: Act) -> Decision:
        """Decide on one act."""
        return decide(act, self.case) if self.denied is None else self.denied


def decide(act: Act, case: Case) -> Decision:
    """Decide whether the run's state, its type and its context allow an act."""
    reason = _RULES[act](case) or _unwritable(case)
    if reason:
        return Refused(reason)
    return Allowed(_unusual(case) if act is Act.RETRY else ())


def describe(case: Case) -> str:
    """Say what state a run is in, and who put it there."""
    run = case.run
    if run["status"] != Status.COMPLETED:
        return visible(run["status"], 80)
    canceled = case.triage.get("cancel")
    # A worker may have finished the run all the same, and said how.
    if isinstance(canceled, Mapping) and run["outcome"] == Outcome.FAILED:
        return f"canceled by {_who(canceled)}{_at(as_utc(canceled.get('at')))}"
    return f"completed as {visible(run['outcome'], 80).replace('_', ' ')}{_at(run['completed_at'])}"


def news(case: Case) -> str:
    """Say to somebody who saw a run earlier how it stands now, and who was there since."""
    marked = _marked(case)
    return f"it is {describe(case)} now" + (f", and {marked}" if marked else "")


def _retry(case: Case) -> str:
    run, name = case.run, f"Operation #{case.run['id']}"
    if case.live_retry:
        other = case.live_retry
        status = visible(other.status, 80)
        return f"{name} was already retried{_by(other)} as Operation #{other.id}{_at(other.at)}, which is {status}."
    if run["status"] != Status.COMPLETED or run["outcome"] != Outcome.FAILED:
        return f"{name} is {describe(case)}: only one that completed and failed can be retried."
    return _type_forbids(case, "retried", "retryable")


def _cancel(case: Case) -> str:
    if case.run["status"] not in LIVE:
        return f"Operation #{case.run['id']} was {describe(case)}: only one that is queued or running can be canceled."
    return _type_forbids(case, "canceled", "cancelable")


def _mark(case: Case) -> str:
    marked = _marked(case)
    return f"Operation #{case.run['id']} was already {marked}." if marked else ""


def _marked(case: Case) -> str:
    mark = case.triage.get("investigated")
    return f"marked investigated by {_who(mark)}{_at(as_utc(mark.get('at')))}" if isinstance(mark, Mapping) else ""


def _type_forbids(case: Case, done: str, flag: str) -> str:
    if case.kind is None:
        name = visible(case.run["type"], 80)
        return (f"The type {name!r} is in no catalog, so it cannot be {done};"
                f" declare it in opsnb.toml as [types.{json.dumps(name)}] with {flag} = true.")  # fmt: skip
    if not getattr(case.kind, flag):
        return f"{case.kind.label} cannot be {done}: its type is not {flag}."
    return ""


def _unwritable(case: Case) -> str:
    triage = {} if case.context is None else case.context.get("triage", {})
    if case.context is not None and isinstance(triage, Mapping):
        return ""
    return f"The context of Operation #{case.run['id']} is not a JSON object that triage could be recorded in."


def _unusual(case: Case) -> tuple[str, ...]:
    marked, sibling, earlier = _marked(case), case.sibling, case.earlier
    return (
        *((f"It was {marked}.",) if marked else ()),
        *((f"Operation #{sibling.id}, which retries the same operation as this one, is {sibling.status}.",) if sibling
          else ()),
        *((f"It was retried before{_by(earlier)}, as Operation #{earlier.id}, which {_ended(earlier)}.",) if earlier
          else ()),
    )  # fmt: skip


def _by(retry: Retry) -> str:
    return f" by {visible(retry.by, 80)}" if retry.by else ""


def _ended(retry: Retry) -> str:
    return "was blocked" if retry.status == Outcome.BLOCKED else visible(retry.status, 40).replace("_", " ")


def _who(mark: Mapping[str, Any]) -> str:
    return visible(mark.get("by"), 80) or "somebody"


def _at(when: datetime | None) -> str:
    return f" at {moment(when)}" if when else ""


_RULES = {Act.RETRY: _retry, Act.CANCEL: _cancel, Act.MARK_INVESTIGATED: _mark}
