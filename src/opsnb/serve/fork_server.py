"""The process that kernels of pages are forked from: it has loaded what all of them need, and they share its memory.

It runs in the environment of a kernel, and so knows nothing that the server was told in confidence.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from opsnb.serve import page_process, warm
from opsnb.serve.forking import LONGEST


def main() -> None:
    """Fork a kernel for each message on the socket whose descriptor is the first argument, until its other end is gone.

    A message is the JSON of `connection_file` and `cwd`, and comes with the descriptor of where the kernel writes to.
    The answer is that of `connection_file` and `pid`.
    """
    server = socket.socket(fileno=int(sys.argv[1]))
    page_process.end_with(int(os.environ["JPY_PARENT_PID"]))
    page_process.load()
    warm.load()
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system itself clears away kernels that have ended
    gc.freeze()  # the collector writes to what it looks at, and what is written to is no longer shared
    if told := _fork(server):
        page_process.run(["-f", told["connection_file"]])


def _fork(server: socket.socket) -> dict[str, Any] | None:
    """Fork, and give each child what was told for it; None once the server is gone."""
    parent = os.getpid()
    while True:
        message, descriptors, *_ = socket.recv_fds(server, LONGEST, 1)
        if not message:
            return None
        told: dict[str, Any] = json.loads(message)
        (output,) = descriptors
        if not (child := os.fork()):
            server.close()
            _settle(parent, output, told["cwd"])
            return told
        os.close(output)
        server.send(json.dumps({"connection_file": told["connection_file"], "pid": child}).encode())


def _settle(parent: int, output: int, cwd: str) -> None:
    """Make the child a process as if it had been started on its own."""
    page_process.end_with(parent)
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    os.chdir(cwd)


if __name__ == "__main__":
    main()
