"""The place that a kernel runs in."""

import os


def under_voila() -> bool:
    """Whether this kernel serves a Voila page, by the environment that Voila gives its kernels."""
    return "VOILA_PREHEAT" in os.environ or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
