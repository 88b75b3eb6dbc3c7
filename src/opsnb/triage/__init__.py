"""Retry, cancel and mark investigated: decided on data, executed by compare-and-set, on record."""

from opsnb.triage.acts import Triage
from opsnb.triage.decide import Act, Allowed, Decision, Refused, Standing

__all__ = ["Act", "Allowed", "Decision", "Refused", "Standing", "Triage"]
