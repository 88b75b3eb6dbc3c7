"""Tracebacks for a log: where it happened and what kind of error it was, and nothing of the data that it was about."""

from __future__ import annotations

import traceback

from opsnb.errors import OpsnbError


def trace(error: BaseException) -> str:
    """Write the traceback of an error and of what led to it, the first one first.

    Of errors that opsnb raises on purpose the sentence is kept; the message of any other may quote what it met.
    """
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = f"{trace(before)}\n\nwhich led to:\n\n" if before else ""
    frames = "".join(traceback.extract_tb(error.__traceback__).format())
    head = "Traceback (most recent call last):\n" if frames else ""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{told}{head}{frames}{kind}{f': {error}' if isinstance(error, OpsnbError) else ''}"
