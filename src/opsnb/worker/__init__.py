"""The demo's worker: it claims runs as a team's own workers do (docs/workers.md), and pretends to work."""

from opsnb.worker.claims import Claims
from opsnb.worker.working import Worker

__all__ = ["Claims", "Worker"]
