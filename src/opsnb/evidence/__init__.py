"""One operation frozen into one file: what was known of it, at which moment, and who looked."""

from opsnb.evidence.document import Evidence, evidence

__all__ = ["Evidence", "evidence"]
