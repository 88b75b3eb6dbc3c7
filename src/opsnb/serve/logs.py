"""How the server's log is written: a JSON object a line, or lines for people; by either no text begins a new line."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType
from typing import Any

from jupyter_server import CallContext
from nbclient.exceptions import CellExecutionError
from pythonjsonlogger.json import JsonFormatter

from opsnb.errors import log
from opsnb.serve.kernel import NotStarted
from opsnb.serve.reporting import Seldom
from opsnb.serve.traces import trace
from opsnb.text import visible

FORMATS = ("json", "text")
# What a line can tell beside its message.
_TOLD = ("method", "route", "status", "duration_ms", "user", "kernel", "request_id")
_Told = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class JSONLines(JsonFormatter):
    """Writes a JSON object of ASCII alone."""

    def __init__(self) -> None:
        renamed = {"levelname": "level", "name": "logger", "exc_info": "exception"}
        super().__init__(["levelname", "name", "message", *_TOLD], timestamp="time", rename_fields=renamed)

    def formatException(self, ei: _Told) -> str:  # noqa: N802 - logging's
        """Write where it happened."""
        return trace(ei[1]) if ei[1] else ""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave out what is not known."""
        return {name: value for name, value in log_data.items() if value is not None}


class TextLines(logging.Formatter):
    """Writes a line, and below it what belongs to it, indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        told = [f"{name}={value}" for name in _TOLD if (value := getattr(record, name, None)) is not None]
        lines = re.split(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", " ".join([super().format(record), *told]))
        return "\n    ".join(visible(line) for line in lines)

    def formatException(self, ei: _Told) -> str:  # noqa: N802 - logging's
        """Write where it happened."""
        return trace(ei[1]) if ei[1] else ""


def write_log(form: str, *, verbose: bool) -> None:
    """Write to standard error what opsnb has to say, and of everything else what is a warning.

    Parameters
    ----------
    form
        One of `FORMATS`; empty for lines for people at a terminal, and JSON elsewhere.
    verbose
        Also requests for files and for the server's health.
    """
    handler = logging.StreamHandler(sys.stderr)
    people = form == "text" or (not form and sys.stderr.isatty())
    handler.setFormatter(TextLines() if people else JSONLines())
    handler.addFilter(_of_request)
    handler.addFilter(_worth_saying)
    # Anybody who reaches the port can fail at TLS a thousand times a second.
    logging.getLogger("tornado.general").addFilter(Seldom())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)


def hand_on(library: logging.Logger) -> None:
    """Let a library's log be written like every other, down to warnings: below them it tells what pages hold."""
    library.handlers.clear()
    library.propagate = True
    library.setLevel(logging.WARNING)


def _of_request(record: logging.LogRecord) -> bool:
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    for name in ("request_id", "user"):
        if not hasattr(record, name):
            setattr(record, name, getattr(handler, name, None))
    return True


def _worth_saying(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, CellExecutionError | NotStarted):
        return False  # said in the server's own words, and without what the cell had printed
    if str(record.msg).startswith("Error at server while executing cell"):
        record.msg, record.args = "a cell could not be run", ()
    # Trust is about stored outputs, and a page shows only those that its own kernel has just made; channels just end.
    return not any(text in record.getMessage() for text in ("is not trusted", "Got events for closed stream"))
