"""Kernels forked from a process that has loaded everything: they start sooner, and share its memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
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
        self._waiting: deque[asyncio.Future[int]] = deque()  # answers come in the order of the requests

    async def fork(self, connection_file: str, cwd: str, output: int) -> int:
        """Give the number of a new kernel's process, which writes to the descriptor `output`.

        Raises
        ------
        OSError
            If none can be made.
        """
        async with self._starting:
            channel = self._channel or await self._start()
        message = json.dumps({"connection_file": connection_file, "cwd": cwd}).encode()
        socket.send_fds(channel, [message], [output])
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        async with asyncio.timeout(_SECONDS):
            return await answer

    def close(self) -> None:
        """End the process, and with it every kernel that it has forked."""
        if self._channel is None or self._process is None:
            return
        asyncio.get_running_loop().remove_reader(self._channel)
        self._channel.close()
        self._process.kill()
        self._process.wait()
        self._channel = self._process = None
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(ConnectionError("The process that forks kernels has ended."))
        self._waiting.clear()

    async def _start(self) -> socket.socket:
        output = await listen(dict, lambda *_: None)
        try:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with its:
                self._process = self._open_process(ours, its, output)
        finally:
            os.close(output)
        asyncio.get_running_loop().add_reader(ours, self._hear, ours)
        self._channel = ours
        return ours

    def _open_process(self, ours: socket.socket, its: socket.socket, output: int) -> subprocess.Popen[bytes]:
        ours.setblocking(False)
        try:
            return subprocess.Popen(  # noqa: S603 - opsnb's own
                [sys.executable, "-P", "-m", "opsnb.serve.fork_server", str(its.fileno())],
                env={**self._environment(), "JPY_PARENT_PID": str(os.getpid())},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[its.fileno()], start_new_session=True,
            )  # fmt: skip
        except OSError:
            ours.close()
            raise

    def _hear(self, channel: socket.socket) -> None:
        message = b""
        with suppress(ConnectionError):
            message = channel.recv(LONGEST)
        if not message:
            self.close()
            return
        reply, answer = json.loads(message), self._waiting.popleft()
        if answer.done():  # nobody waits for it any longer
            if "pid" in reply:
                os.kill(reply["pid"], signal.SIGKILL)
        elif "pid" in reply:
            answer.set_result(reply["pid"])
        else:
            answer.set_exception(OSError(reply["errno"], f"No kernel was forked: {reply['error']}"))
