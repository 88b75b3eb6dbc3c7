"""opsnb: the triage console for long-running operations, in notebooks."""

__version__ = "0.1.0"
