"""Kernels forked from a process that has loaded everything: they start sooner, and share its memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from opsnb.serve.hearing import listen

LONGEST = 2**16  # bytes of a message
_SECONDS = 60


class ForkServer:
    """Has kernels forked, by a process that it starts when the first is asked for.

    Parameters
    ----------
    environment
        Gives the environment of that process, and so of every kernel.
    """

    def __init__(self, environment: Callable[[], Mapping[str, str]]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._asked: dict[str, asyncio.Future[int]] = {}

    async def fork(self, connection_file: str, cwd: str, output: int) -> int:
        """Give the number of a new kernel's process, which writes to the descriptor `output`.

        Raises
        ------
        OSError
            If none can be made.
        """
        async with self._starting:
            channel = self._channel or await self._start()
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[connection_file] = asked
        message = json.dumps({"connection_file": connection_file, "cwd": cwd}).encode()
        socket.send_fds(channel, [message], [output])
        async with asyncio.timeout(_SECONDS):
            return await asked

    def close(self) -> None:
        """End the process, and with it every kernel that it has forked."""
        if self._channel is None or self._process is None:
            return
        asyncio.get_running_loop().remove_reader(self._channel)
        self._channel.close()
        self._process.kill()
        self._process.wait()
        self._channel = self._process = None
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionError("The process that forks kernels has ended."))
        self._asked.clear()

    async def _start(self) -> socket.socket:
        output = await listen(dict, lambda *_: None)
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._process = subprocess.Popen(  # noqa: S603 - opsnb's own
            [sys.executable, "-P", "-m", "opsnb.serve.fork_server", str(its.fileno())],
            env={**self._environment(), "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[its.fileno()], start_new_session=True,
        )  # fmt: skip
        its.close()
        os.close(output)
        asyncio.get_running_loop().add_reader(ours, self._hear, ours)
        self._channel = ours
        return ours

    def _hear(self, channel: socket.socket) -> None:
        message = b""
        with suppress(ConnectionError):
            message = channel.recv(LONGEST)
        if not message:
            self.close()
            return
        told = json.loads(message)
        asked = self._asked.pop(told["connection_file"])
        if asked.done():  # nobody waits for it any longer
            os.kill(told["pid"], signal.SIGKILL)
        else:
            asked.set_result(told["pid"])
