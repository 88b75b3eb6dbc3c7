"""What a page's kernel tells its server, over the pipe that its standard error is: its log and its statements.

No browser reaches that pipe, in either direction, unlike the channels that pages listen to.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, event

from opsnb.prepared import timings
from opsnb.serve.traces import trace

MARK = "\x1e"  # begins what is told on purpose; other lines are text that something wrote to standard error


class Reporter:
    """Tells the server, a line at a time.

    Parameters
    ----------
    descriptor
        Where to; nobody else may close it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def tell(self, kind: str, **told: Any) -> None:
        """Tell one thing; a server that is gone is told nothing."""
        line = f"{MARK}{json.dumps({'kind': kind, **told})}\n".encode()
        with self._lock, suppress(OSError):
            while line:
                line = line[os.write(self._descriptor, line) :]


class ReportHandler(logging.Handler):
    """Sends the log of the kernel to its server."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        error = record.exc_info[1] if record.exc_info else None
        self._reporter.tell(
            "log",
            logger=record.name,
            level=record.levelno,
            message=record.getMessage(),
            exception=trace(error) if error else None,
        )


def report_statements(reporter: Reporter) -> None:
    """Tell how long each statement takes until the database answers, on whatever engine of this process."""
    running = threading.local()

    def tell(seconds: float, failed: bool) -> None:
        reporter.tell("statement", seconds=seconds, failed=failed)

    def begin(_connection: Any, statement: Any, *_: Any) -> None:
        running.since = None if isinstance(statement, str) and statement.startswith("BEGIN") else time.perf_counter()

    def end(failed: bool) -> None:
        since, running.since = getattr(running, "since", None), None
        if since is not None:
            tell(time.perf_counter() - since, failed)

    # Not at the cursor: whoever listens there has every statement take SQLAlchemy's own way, see `opsnb.prepared`.
    event.listen(Engine, "before_execute", begin)
    event.listen(Engine, "after_execute", lambda *_: end(failed=False))
    event.listen(Engine, "handle_error", lambda _: end(failed=True))
    timings.append(tell)
