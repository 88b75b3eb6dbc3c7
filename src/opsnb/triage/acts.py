"""Triage executed: actor and decision are checked again under the run's lock, and the audit row goes along."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError, IntegrityError

from opsnb.access import Actor, Capability, can, denial
from opsnb.audit import Result, record, record_refusal
from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.errors import AccessDenied, DatabaseUnavailable, RunNotFound, TriageRefused
from opsnb.failures import obstacle
from opsnb.models import write_json
from opsnb.queries.actors import fetch_actor
from opsnb.queries.rights import within
from opsnb.triage import statements
from opsnb.triage.cases import read_case, with_relatives
from opsnb.triage.decide import Act, Case, Refused, decide, news
from opsnb.triage.verdicts import Verdict, verdict


class _Moved(Exception):
    """The run was not changed although it may be: a writer went around the lock, or the database has other rules."""


class _Stopped(Exception):
    """The table does not let this be done to any run; the message says what stands in the way."""


@dataclass(frozen=True)
class Attempt:
    """One act, tried by `actor` on `case` at `now` (tz-aware), within the transaction of `connection`.

    `moves` counts how often it was tried before and the run was found moved, `verdict` is how the database refused it.
    """

    connection: Connection
    actor: Actor
    case: Case
    now: datetime
    reason: str
    moves: int = 0
    verdict: Verdict | None = None

    def change(self, statement: Executable, values: Mapping[str, Any]) -> Any:
        """Run the one statement that changes or makes a run; whatever the run has become meanwhile stays."""
        try:
            result = self.connection.execute(statement, values)
            changed = result.scalars().all() if result.returns_rows else [self.case.run["id"]] * result.rowcount
        except DBAPIError as error:
            if reason := obstacle(error):
                raise _Stopped(reason) from error
            if isinstance(error, IntegrityError) and not self.moves and not self.actor.bound:
                raise _Moved from error
            raise  # nobody's retry was quicker: it is another rule of the database
        if changed == [None]:
            raise _Stopped("it gives a new operation no number, for its column id is no INTEGER PRIMARY KEY")
        if len(changed) != 1:
            raise _Moved
        return changed[0]

    @property
    def by(self) -> dict[str, Any]:
        """Who does it, and when."""
        return {"by": self.actor.name, "by_id": self.actor.id, "at": self.now.isoformat()}


class Triage:
    """The three acts on one database.

    Parameters
    ----------
    database, catalog
        Where the runs are, and what their types allow.
    outputs
        Keys of the context that a retry starts without.
    who
        Names the actor, as `opsnb.queries.actors.fetch_actor` reads it.
    """

    def __init__(self, database: Database, catalog: Catalog, outputs: tuple[str, ...], who: str | int) -> None:
        self._database, self._catalog, self._outputs, self._who = database, catalog, outputs, who

    def read(self, run_id: int) -> Case:
        """Read the case as it stands; nothing changes and nothing is locked.

        Raises
        ------
        RunNotFound, DatabaseUnavailable
            If it cannot be read.
        """
        finds = self._database.finds_retries
        with self._database.look() as connection:
            case = read_case(connection, self._catalog, run_id, lock=False)
            return with_relatives(connection, case, finds_retries=finds)

    def execute(self, act: Act, run_id: int, now: datetime, seen: str | None, reason: str = "") -> int:
        """Do one act at `now` (tz-aware); give the number of the run to look at, the new one after a retry.

        Parameters
        ----------
        seen
            `Case.seen` of what the operator looked at: a run that has changed since is refused. None for whatever is.
        reason
            Cleaned already, with Mark investigated.

        Raises
        ------
        AccessDenied, TriageRefused
            Nothing changed but the audit, which says so.
        RunNotFound, DatabaseUnavailable
            Nothing changed.
        """
        asked = (act, run_id, now, seen, reason)
        try:
            for moves in (0, 1):
                with suppress(_Moved):
                    return self._attempt(*asked, moves)
            return self._attempt(*asked, 2)
        except _Stopped as found:
            what = f"The database does not let Operation #{run_id} be {_DONE[act]}"
            refusal: Verdict = TriageRefused(f"{what}: {found}; ask its owner.")
        except DatabaseUnavailable as error:
            ruling = verdict(error)
            if ruling is None:
                raise
            refusal = ruling
        with suppress(DatabaseUnavailable):  # what takes no change may take no record either
            return self._attempt(*asked, 2, refusal)
        raise refusal

    def _attempt(
        self, act: Act, run_id: int, now: datetime, seen: str | None, reason: str, moves: int,
        verdict: Verdict | None = None,
    ) -> int:  # fmt: skip
        with self._database.change() as connection:
            # Within the transaction: a right that was taken away a moment ago is gone.
            actor = fetch_actor(self._database, self._who, within(connection))
            case = self._case(connection, actor, run_id)
            if case is None:
                done: int | Verdict = _deny(connection, actor, act, run_id)
            else:
                done = self._try(act, Attempt(connection, actor, case, now, reason, moves, verdict), seen)
        if isinstance(done, int):
            return done
        raise done

    def _try(self, act: Act, attempt: Attempt, seen: str | None) -> int | Verdict:
        refusal = _check(act, attempt, seen)
        if refusal is None:
            done, about = self._do(act, attempt)
            _record(act, attempt, Result.SUCCESS, about)
            return done
        result = Result.DENIED if isinstance(refusal, AccessDenied) else Result.REFUSED
        _record(act, attempt, result, {"refusal": str(refusal)})
        return refusal

    def _case(self, connection: Connection, actor: Actor, run_id: int) -> Case | None:
        """Read the case, None where it is not there for somebody who could ask which numbers there are."""
        try:
            # A database login that may not change a run may not lock it either.
            return read_case(connection, self._catalog, run_id, lock=can(actor, Capability.MANAGE))
        except RunNotFound:
            if can(actor, Capability.VIEW):
                raise
            return None

    def _do(self, act: Act, attempt: Attempt) -> tuple[int, dict[str, Any]]:
        run_id, dialect = attempt.case.run["id"], attempt.connection.dialect.name
        if act is Act.RETRY:
            values = {"id": run_id, "by": attempt.actor.name, "now": attempt.now,
                      "triage": write_json({"retry_of_run_id": run_id})}  # fmt: skip
            new_id = attempt.change(statements.queue_retry(dialect, self._outputs), values)
            return new_id, {"new_run_id": new_id}
        if act is Act.CANCEL:
            values = {"run_id": run_id, "now": attempt.now, "mark": write_json(attempt.by)}
            attempt.change(statements.finish_canceled(dialect), values)
            return run_id, {"to": {"status": "completed", "outcome": "failed"}}
        values = {"run_id": run_id, "mark": write_json({"reason": attempt.reason, **attempt.by})}
        attempt.change(statements.mark_investigated(dialect), values)
        return run_id, {"reason": attempt.reason}


_DONE = {Act.RETRY: "retried", Act.CANCEL: "canceled", Act.MARK_INVESTIGATED: "marked investigated"}


def _deny(connection: Connection, actor: Actor, act: Act, run_id: int) -> AccessDenied:
    denied = AccessDenied(denial(actor, Capability.MANAGE))
    if actor.bound:  # the gate sees the run, if there is one
        record_refusal(connection, act.action, run_id, Result.DENIED, str(denied))
    return denied


def _check(act: Act, attempt: Attempt, seen: str | None) -> Verdict | None:
    if not can(attempt.actor, Capability.MANAGE):
        return AccessDenied(denial(attempt.actor, Capability.MANAGE))
    case = attempt.case
    decision = decide(act, case)
    if isinstance(decision, Refused):
        return TriageRefused(decision.reason)
    if seen is not None and seen != case.seen:
        return TriageRefused(f"Operation #{case.run['id']} has changed since you looked: {news(case)}.")
    if attempt.verdict:
        return attempt.verdict
    if attempt.moves > 1:  # it is locked, so nobody else moves it
        return TriageRefused(
            f"The database keeps Operation #{case.run['id']} as it is by a rule of its own; ask its owner."
        )
    return None


def _record(act: Act, attempt: Attempt, result: Result, about: Mapping[str, Any]) -> None:
    run = attempt.case.run
    before = {"from": {"status": run["status"], "outcome": run["outcome"]}}
    record(attempt.connection, attempt.actor, act.action, run, result, {**before, **about}, attempt.now)
