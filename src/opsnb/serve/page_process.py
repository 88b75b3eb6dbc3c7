"""The process of a page's kernel: it ends with its server, and tells it what is for the log and the metrics."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from typing import Any

from opsnb import engines
from opsnb.errors import OpsnbError
from opsnb.serve.reporting import Reporter, ReportHandler, report_statements

_PDEATHSIG = 1  # of prctl(2)
_log = logging.getLogger("opsnb.page")


def main() -> None:
    """Run a kernel as `ipykernel_launcher` does."""
    end_with(int(os.environ.get("JPY_PARENT_PID") or 0))
    load()
    run(sys.argv[1:])


def load() -> None:
    """Load what runs a kernel."""
    # Nobody writes code in a page, and what debugs it is a sixth of a kernel; so ipykernel must not find it.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    from ipykernel import kernelapp

    assert kernelapp  # noqa: S101 - imported for its own sake


def run(arguments: list[str]) -> None:
    """Run a kernel until it is told to end."""
    from ipykernel.kernelapp import IPKernelApp
    from ipywidgets import load_ipython_extension

    # What answers a click waits for the thread that sends, and that one, by default, for 5 ms of any other.
    sys.setswitchinterval(0.0005)
    engines.kept = 2_000  # kB: there is a kernel for each viewer
    reporter = Reporter(os.dup(2))  # before the kernel sends all that is written there to the page
    app: Any = IPKernelApp.instance()
    app.config.HistoryManager.enabled = False  # nobody types anything either
    app.initialize(arguments)
    load_ipython_extension(app.shell)  # it does that itself only where it is first imported in a kernel
    _send_log(app, reporter)
    report_statements(reporter)
    app.shell.events.register("post_run_cell", _say_failure)
    app.start()


def end_with(server: int) -> None:
    """Let the operating system kill this process as its server ends, however that comes about.

    Elsewhere than on Linux the kernel itself looks once a second whether its server is there. That is not enough where
    something else than process 1 takes in orphans, nor for a kernel that starts at that moment.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PDEATHSIG, signal.SIGKILL)
    if server and os.getppid() != server:
        os._exit(1)


def _send_log(app: Any, reporter: Reporter) -> None:
    logging.captureWarnings(capture=True)
    handler = ReportHandler(reporter)
    for logger in (logging.getLogger(), app.log):
        for other in [*logger.handlers]:
            logger.removeHandler(other)
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)


def _say_failure(result: Any) -> None:
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        level = logging.WARNING if isinstance(error, OpsnbError) else logging.ERROR
        _log.log(level, "a cell failed", exc_info=error)


if __name__ == "__main__":
    main()
