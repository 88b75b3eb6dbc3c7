"""What a database is like, seen from opsnb: what works on it, what does not, and what its owner can do about that."""

from opsnb.doctor.examination import examine
from opsnb.doctor.findings import Finding, Severity, worst

__all__ = ["Finding", "Severity", "examine", "worst"]
