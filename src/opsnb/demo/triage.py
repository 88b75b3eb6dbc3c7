"""What operators did in the demo: failures retried, and one investigated."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from opsnb.demo.scenes import BY_TYPE, REASON
from opsnb.demo.story import Run, Storyteller
from opsnb.models import Outcome

RETRY, INVESTIGATED = "platform.system_console.retry", "platform.system_console.mark_investigated"
RETRYABLE = ("inventory.sync", "policies.backup", "policies.compare", "reports.export", "directory.import")
OUTCOMES = (*[Outcome.SUCCEEDED] * 7, *[Outcome.FAILED] * 2)
OPERATOR = "Ada Byron"
# What a worker adds to a context, and a retry therefore begins without.
_RESULTS = ("worker", "progress", "error")


@dataclass(frozen=True)
class Act:
    """One act on `run` at `at` (tz-aware UTC); `new` is the run that a retry made."""

    action: str
    run: Run
    at: datetime
    new: Run | None = None


def retries(teller: Storyteller, history: list[Run]) -> list[Act]:
    """Retry some failures: most retries go well, some fail again, and two are live still."""
    failed = [run for run in history if run.outcome == Outcome.FAILED and run.type in RETRYABLE and run.completed_at]
    failed.sort(key=lambda run: run.created_at)
    finished = [_retry(teller, run, outcome) for run, outcome in zip(failed[2::3], OUTCOMES, strict=False)]
    last = failed[-1], failed[-2]
    return finished + [_retry(teller, run, None) for run in last if run not in {act.run for act in finished}]


def _retry(teller: Storyteller, run: Run, outcome: Outcome | None) -> Act:
    ended = run.completed_at or run.created_at
    late = timedelta(minutes=teller.random.uniform(2, 30))
    at = ended + late if outcome else teller.now - timedelta(minutes=2)
    context = {key: value for key, value in deepcopy(run.context).items() if key not in _RESULTS}
    new = Run(run.type, run.workspace, run.tenant, OPERATOR, at, context=context)
    if outcome:
        teller.finish(new, outcome)
    return Act(RETRY, run, at, new)


def investigated(history: list[Run]) -> list[Act]:
    """Let one failure be looked into."""
    full = [run for run in history if run.context.get("error", {}).get("code") == "STORAGE_FULL" and run.completed_at]
    run = full[0]
    at = (run.completed_at or run.created_at) + timedelta(minutes=11)
    run.context["error"]["message"] = BY_TYPE[run.type].errors[0][1].format(site="berlin-2")
    run.context["device_scope"]["site"] = "berlin-2"
    run.context["triage"] = {"investigated": {"reason": REASON, "by": OPERATOR, "at": at.isoformat()}}
    return [Act(INVESTIGATED, run, at)]


def link(acts: list[Act], numbers: dict[Run, int]) -> None:
    """Note on each retry which run it retries."""
    for act in acts:
        if act.new:
            act.new.context["triage"] = {"retry_of_run_id": numbers[act.run]}
