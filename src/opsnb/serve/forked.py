"""A forked kernel, as Jupyter's client handles one."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

PROVISIONER = "opsnb-forked"  # as the package's metadata name it


def can_fork() -> bool:
    """Whether this system forks safely, and knows a process even where its number is given out again."""
    if sys.platform != "linux":
        return False
    with suppress(OSError):  # an old system, or a container that forbids it
        os.close(os.pidfd_open(os.getpid()))
        return True
    return False


class ForkedProcess:
    """What a `subprocess.Popen` is to a process of one's own, to one that another has forked."""

    stdin: None = None
    stdout: None = None
    stderr: None = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.fdopen(os.pidfd_open(pid), "rb", 0)

    def poll(self) -> int | None:
        """Give None while it runs; how it ended is not known."""
        return 0 if self._ended(0) else None

    def wait(self) -> int:
        """Wait for its end."""
        self._ended(None)
        self._handle.close()
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle.fileno(), number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _ended(self, milliseconds: int | None) -> bool:
        waiting = select.poll()  # unlike `select.select`, for descriptors of any number
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(milliseconds))


class ForkedProvisioner(LocalProvisioner):
    """Has kernels forked instead of starting an interpreter for each."""

    process: Any

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:  # noqa: ARG002 - Jupyter's
        """Fork a kernel that listens as its connection file says."""
        kernel: Any = self.parent
        fork_server, self.cwd = kernel.parent.fork_server, options["cwd"]
        self.pid = self.pgid = await fork_server.fork(kernel.connection_file, self.cwd, options["stdout"])
        try:
            self.process = ForkedProcess(self.pid)
        except OSError:  # too many open files: a kernel that cannot be watched must not stay
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            raise
        return self.connection_info
