"""A worker as a child process, which ends with the process that started it however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

COMMAND = [sys.executable, "-P", "-c", "from opsnb.cli import main; main()", "worker", "--demo", "--with-parent"]
PATIENCE = 5.0


@contextmanager
def beside(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker while the block runs; `environment` names its database, since a URL may hold a password."""
    leash, held = os.pipe()
    process = _start(environment, leash)
    try:
        yield process
    finally:
        os.close(held)
        _end(process)


def along_with(environment: Mapping[str, str]) -> None:
    """Start a worker that ends with this process, whatever program that becomes by `os.exec*`."""
    leash, held = os.pipe()
    _start(environment, leash)
    os.set_inheritable(held, True)


def _start(environment: Mapping[str, str], leash: int) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal goes to the parent alone, which says when the worker ends.
    process = subprocess.Popen(COMMAND, env=os.environ | dict(environment), stdin=leash, start_new_session=True)  # noqa: S603
    os.close(leash)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
