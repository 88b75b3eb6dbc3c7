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

from opsnb.serve import page_process, warm
from opsnb.serve.forking import LONGEST

_FIELDS = ("connection_file", "cwd")


def main() -> None:
    """Fork a kernel for each request on the socket whose descriptor is the first argument, until the server closes it.

    A request is the JSON of `connection_file` and `cwd`, and comes with the descriptor of where the kernel writes to.
    Every request is answered, in order: by the JSON of `pid`, or of `error` and `errno` if no kernel was forked.
    """
    server = socket.socket(fileno=int(sys.argv[1]))
    page_process.end_with(int(os.environ["JPY_PARENT_PID"]))
    page_process.load()
    warm.load()
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system itself clears away kernels that have ended
    gc.freeze()  # the collector writes to what it looks at, and what is written to is no longer shared
    if request := _answer_requests(server):
        page_process.run(["-f", request["connection_file"]])


def _answer_requests(server: socket.socket) -> dict[str, str] | None:
    """Fork for each request: return the request in the child, and None in the parent once the server is gone.

    All kernels end with this process, so no request may end it: neither one that cannot be read nor a fork that fails.
    """
    parent = os.getpid()
    while True:
        message, descriptors, *_ = socket.recv_fds(server, LONGEST, 1)
        if not message:
            return None
        try:
            request = _read_request(message, descriptors)
            child = os.fork()
        except (ValueError, RecursionError, OSError) as error:
            answer = {"error": str(error), "errno": getattr(error, "errno", None)}
        else:
            if not child:
                server.close()
                _settle(parent, descriptors[0], request["cwd"])
                return request
            answer = {"pid": child}
        for descriptor in descriptors:
            os.close(descriptor)
        server.send(json.dumps(answer).encode())


def _read_request(message: bytes, descriptors: list[int]) -> dict[str, str]:
    request = json.loads(message)
    if not isinstance(request, dict) or not all(isinstance(request.get(name), str) for name in _FIELDS):
        raise ValueError("a request needs connection_file and cwd, each a text")
    if len(descriptors) != 1:  # the system leaves it out where this process may open no more files
        raise ValueError("a request needs the descriptor of where the kernel writes to")
    return request


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
