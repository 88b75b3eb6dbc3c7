"""The made-up runs of the demo, the same ones for the same seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from opsnb.demo import scenes
from opsnb.demo.scenes import Scene
from opsnb.models import Outcome, Status

DAYS, COUNT = 7, 460
OUTCOMES = {Outcome.SUCCEEDED: 82, Outcome.FAILED: 11, Outcome.PARTIALLY_SUCCEEDED: 5, Outcome.BLOCKED: 2}


@dataclass(eq=False)
class Run:
    """One run of the demo; workspace and tenant by name, times tz-aware UTC."""

    type: str
    workspace: str
    tenant: str | None
    initiator_name: str | None
    created_at: datetime
    status: str = Status.QUEUED
    outcome: str = Outcome.PENDING
    started_at: datetime | None = None
    completed_at: datetime | None = None
    context: dict[str, Any] = field(default_factory=dict)


class Storyteller:
    """Makes runs up.

    Parameters
    ----------
    random
        Decides everything.
    now
        Nothing happens later; tz-aware UTC.
    """

    def __init__(self, random: Random, now: datetime) -> None:
        self.random, self.now = random, now

    def history(self) -> list[Run]:
        """Give finished runs of the last days."""
        weights = [scene.weight for scene in scenes.SCENES]
        chosen = self.random.choices(scenes.SCENES, weights, k=COUNT)
        return [self.finish(self.queued(scene, self._age()), self._outcome()) for scene in chosen]

    def live(self) -> list[Run]:
        """Give queued and running runs, some of them for too long."""
        waiting = scenes.QUEUED + scenes.STUCK_QUEUED
        working = scenes.RUNNING + scenes.STUCK_RUNNING
        queued = [self.queued(scenes.BY_TYPE[kind], timedelta(minutes=age)) for kind, age in waiting]
        return queued + [self.start(self.queued(scenes.BY_TYPE[kind], timedelta(minutes=age))) for kind, age in working]

    def queued(self, scene: Scene, age: timedelta) -> Run:
        """Make a run that was queued `age` ago."""
        workspace = self.random.choice(tuple(scenes.PLACES))
        tenant = self.random.choice(scenes.PLACES[workspace]) if scene.tenant else None
        created_at = self.now - age - timedelta(milliseconds=self.random.randrange(1000))
        person = self.random.choice(scenes.PEOPLE)
        return Run(scene.type, workspace, tenant, person, created_at, context=self._context(scene))

    def start(self, run: Run) -> Run:
        """Let a worker take it, and come part of the way."""
        run.status = Status.RUNNING
        run.started_at = run.created_at + timedelta(seconds=self.random.uniform(0.4, 25))
        run.context["worker"] = f"worker-{self.random.randint(1, 6)}"
        self._progress(run, self.random.uniform(0.05, 0.9))
        return run

    def finish(self, run: Run, outcome: Outcome) -> Run:
        """Let it end, before now."""
        self.start(run)
        scene = scenes.BY_TYPE[run.type]
        took = timedelta(minutes=self.random.uniform(*scene.minutes))
        run.status, run.outcome = Status.COMPLETED, outcome
        started = run.started_at or run.created_at
        run.completed_at = min(started + took, self.now - timedelta(seconds=20))
        self._progress(run, {Outcome.SUCCEEDED: 1.0, Outcome.BLOCKED: 0.0}.get(outcome, self.random.random()))
        if outcome != Outcome.SUCCEEDED:
            run.context["error"] = self._error(scene, run.context["device_scope"]["site"], outcome)
        return run

    def _age(self) -> timedelta:
        return timedelta(minutes=self.random.uniform(25, DAYS * 24 * 60))

    def _outcome(self) -> Outcome:
        return self.random.choices(tuple(OUTCOMES), tuple(OUTCOMES.values()))[0]

    def _context(self, scene: Scene) -> dict[str, Any]:
        context: dict[str, Any] = {"params": dict(scene.params)}
        context["device_scope"] = {"site": self.random.choice(scenes.SITES), "unit": scene.unit}
        context["total"] = self.random.randint(*scene.total)
        if scene.secret:
            context[scene.secret] = f"demo-not-a-secret-{self.random.randrange(16**8):08x}"
        return context

    def _progress(self, run: Run, share: float) -> None:
        total = run.context["total"]
        run.context["progress"] = {"done": int(total * share), "total": total}

    def _error(self, scene: Scene, site: str, outcome: Outcome) -> dict[str, str]:
        if outcome == Outcome.BLOCKED:
            return {"code": "BLOCKED", "message": "A change freeze is on for this tenant until Monday 06:00 UTC"}
        code, message = self.random.choice(scene.errors)
        return {"code": code, "message": message.format(site=site)}
