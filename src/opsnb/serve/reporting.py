"""What a page's kernel tells its server, over the pipe that its standard error is: its log and its statements.

No browser reaches that pipe, in either direction, unlike the channels that pages listen to.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import zmq
from sqlalchemy import Engine, event

from opsnb.engines import OPENS_TRANSACTION
from opsnb.serve.traces import trace

_KIND = 200  # characters of a message by which records are of one kind
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


class Seldom(logging.Filter):
    """Lets few records of one kind through in a minute, where a client can cause the same one again and again."""

    def __init__(self, each: int = 5, total: int = 200, seconds: float = 60) -> None:
        super().__init__()
        self._each, self._total, self._seconds = each, total, seconds
        self._counts: Counter[tuple[str, str]] = Counter()
        self._began = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is to be written."""
        if time.monotonic() - self._began > self._seconds:
            self._counts.clear()
            self._began = time.monotonic()
        kind = (record.name, str(record.msg)[:_KIND])
        if self._counts[kind] >= self._each or self._counts.total() >= self._total:
            return False
        self._counts[kind] += 1
        return True


def _is_no_closed_socket(record: logging.LogRecord) -> bool:
    """Leave out what ipykernel logs as it ends: its control thread flushes what is closed already."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, zmq.ZMQError) and error.errno in (zmq.ENOTSOCK, zmq.ETERM))


class ReportHandler(logging.Handler):
    """Sends the log of the kernel to its server."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter
        self.addFilter(_is_no_closed_socket)
        self.addFilter(Seldom())

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
    """Report how long each statement takes until the database answers, on every engine of this process.

    What opens a transaction is reported only if it fails.
    """
    running = threading.local()

    def start(*_: Any) -> None:
        running.since = time.perf_counter()

    def end(failed: bool) -> None:
        since, running.since = getattr(running, "since", None), None
        if since is not None:
            reporter.tell("statement", seconds=time.perf_counter() - since, failed=failed)

    def answered(_connection: Any, _cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
        if not context.execution_options.get(OPENS_TRANSACTION):
            end(failed=False)

    event.listen(Engine, "before_cursor_execute", start)
    event.listen(Engine, "after_cursor_execute", answered)
    event.listen(Engine, "handle_error", lambda _: end(failed=True))
