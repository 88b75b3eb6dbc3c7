"""The place that a kernel runs in."""

import os

BASE = "OPSNB_ROUTE_BASE"  # what stands before the canonical paths of a page that `opsnb serve` publishes


def under_voila() -> bool:
    """Whether this kernel serves a Voila page, by the environment that the server gives its kernels."""
    served = BASE in os.environ or "VOILA_PREHEAT" in os.environ
    return served or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
