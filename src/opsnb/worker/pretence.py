"""What the worker pretends: how long a run takes and what comes of it, always the same for the same run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsnb.demo.scenes import BY_TYPE

# At 1.5 s a step, with up to two steps more by the run's number, this is 10 to 20 s.
STEPS = {
    "inventory.sync": 9, "policies.backup": 8, "policies.restore": 9, "policies.compare": 7, "reports.export": 8,
    "credentials.rotate": 7, "tenants.provision": 9, "directory.import": 10, "licenses.reconcile": 7,
    "archive.purge": 11,
}  # fmt: skip
ORDINARY = 8
STOPPED = {"code": "WORKER_STOPPED", "message": "The worker was told to stop before this was done; retry it"}


@dataclass(frozen=True)
class Plan:
    """`steps` in which `total` things are worked through; where there is an `error`, it comes after two thirds."""

    steps: int
    total: int
    error: Mapping[str, str] | None

    @property
    def worked(self) -> range:
        """The steps that are done, counted from 1."""
        return range(1, (self.steps * 2 // 3 if self.error else self.steps) + 1)

    def progress(self, step: int) -> dict[str, int]:
        """Say how far a run is after so many steps."""
        return {"done": self.total * step // self.steps, "total": self.total}


def plan(number: int, type_: str, context: Mapping[str, Any]) -> Plan:
    """Plan a run by its number, type and context: four of five go well."""
    steps = STEPS.get(type_, ORDINARY) + number % 3
    fails = number % 5 == 2
    return Plan(steps, _total(context) or steps, _error(number, type_, context) if fails else None)


def _total(context: Mapping[str, Any]) -> int:
    """Give what the context says there is to do, or 0 where it says nothing of use."""
    total = context.get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) and 0 < total < 2**31 else 0


def _error(number: int, type_: str, context: Mapping[str, Any]) -> dict[str, str]:
    if type_ not in BY_TYPE:
        return {"code": "TIMEOUT", "message": "The system behind it did not answer within 30 s"}
    errors = BY_TYPE[type_].errors
    code, message = errors[number % len(errors)]
    return {"code": code, "message": message.format(site=_site(context))}


def _site(context: Mapping[str, Any]) -> str:
    scope = context.get("device_scope")
    site = scope.get("site") if isinstance(scope, Mapping) else None
    return site if isinstance(site, str) else "site-1"
