"""One kernel, to which the server itself speaks first, over the kernel's own channel, which no browser reaches."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from queue import Empty
from typing import Any, cast

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.session import new_id
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import default

from opsnb.errors import OpsnbError
from opsnb.serve.hearing import listen
from opsnb.serve.request_queue import Unanswered

_SECONDS = 60
_HEARD = 0.2  # seconds in which a kernel that has just answered answers again
_LOOK = 1.0  # how often, in seconds, to look whether a kernel that does not answer lives
_WARM = "from opsnb.serve import warm as _opsnb; _opsnb.load(); del _opsnb"
_BEGIN = "from opsnb import visit as _opsnb; _opsnb.begin({path!a}, {query!a}, {user!a}); del _opsnb"


class NotTold(OpsnbError):
    """A kernel did not take what the server had to say."""


class NotStarted(OpsnbError):
    """The machine gave no process, memory, open file or disk space for a kernel."""


class PageClient(AsyncKernelClient):
    """Runs the notebook of a page, but not before its kernel knows whose page it is."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel to be told, then to answer.

        Raises
        ------
        NotTold
            If it was not told; then it must not run anything.
        """
        kernel = cast("PageKernel", self.parent)
        if kernel.told is None:
            raise NotTold("The kernel was told of no visit.")
        await kernel.told
        async with asyncio.timeout(timeout or _SECONDS):
            await self._hears_all()

    async def _hears_all(self) -> None:
        """Ask the kernel until its news come along with its answer; the client's own way is to wait for silence."""
        while True:
            asked = self.kernel_info()
            with suppress(Empty):
                while not _is_end(await self.get_iopub_msg(timeout=_HEARD), asked):
                    pass
                while (await self.get_shell_msg(timeout=_HEARD))["parent_header"].get("msg_id") != asked:
                    pass
                return


def _is_end(message: dict[str, Any], asked: str) -> bool:
    state: str = message["content"].get("execution_state", "")
    return state == "idle" and bool(message["parent_header"].get("msg_id") == asked)


class PageKernel(ServerKernelManager):
    """A kernel for one visit; `told` is done when it knows of that."""

    told: asyncio.Task[None] | None = None
    request_id: str | None = None
    user: str | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.unanswered = Unanswered()
        self.channels = 0  # of its page, those that are being opened among them

    @default("client_factory")
    def _clients(self) -> type:
        return PageClient

    def client(self, **options: Any) -> AsyncKernelClient:  # type: ignore[override] # as in the class for asyncio
        """Give a client in the server's own context: one of the client's own, as it goes, holds the event loop up."""
        return super().client(context=self.context, **options)

    async def warm(self) -> None:
        """Have it load what every page needs.

        Raises
        ------
        NotTold
            If it does not.
        """
        await self._say(_WARM)

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        """Write the connection file, for which the disk may be full or the temporary folder gone."""
        try:
            return await super()._async_pre_start_kernel(**options)
        except OSError as error:
            self.cleanup_connection_file()
            raise NotStarted(f"The connection file of a kernel was not written: {error}") from error

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        """Start the process; all that it writes comes to the server, which puts it in its log."""
        try:
            await self._launch(kernel_cmd, **options)
        except OSError as error:
            self.cleanup_connection_file()
            raise NotStarted(f"No process for a kernel was started: {error}") from error

    async def _launch(self, kernel_cmd: list[str], **options: Any) -> None:
        if sys.platform == "win32":  # whose event loop reads no pipe
            return await super()._async_launch_kernel(kernel_cmd, **options)
        manager: Any = self.parent
        writing = await listen(self._page, manager.measured)
        try:
            await super()._async_launch_kernel(kernel_cmd, **options, stdout=writing, stderr=writing)
        finally:
            os.close(writing)

    def _reconcile_connection_info(self, info: KernelConnectionInfo) -> None:
        """Leave the connection file alone: the server wrote it, and a quick kernel writes it again at this moment.

        To read it meanwhile, as Jupyter's client does, would find it empty and give the page an error.
        """

    def _page(self) -> dict[str, str | None]:
        return {"kernel": self.kernel_id, "request_id": self.request_id, "user": self.user}

    def begin(self, path: str, query: str, user: str | int) -> None:
        """Begin to tell it of the one visit that it is for: the front end of the page need not wait for that."""
        code = _BEGIN.format(path=path, query=query, user=user)
        self.told = asyncio.get_running_loop().create_task(self._say(code))

    @property
    def failure(self) -> BaseException | None:
        """Why it could not be told, and so shows nothing."""
        return self.told.exception() if self.told and self.told.done() else None

    async def _say(self, code: str) -> None:
        client: Any = self.client()
        client.session.session = new_id()  # a second client of the same name would get none of the kernel's answers
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        try:
            async with asyncio.timeout(_SECONDS):
                reply = await self._reply(client, client.execute(code, silent=True, store_history=False))
        except TimeoutError as error:
            raise NotTold(f"Kernel {self.kernel_id} does not answer.") from error
        finally:
            client.shell_channel.stop()
        if reply["content"]["status"] != "ok":
            raise NotTold(f"Kernel {self.kernel_id} refused: {reply['content'].get('evalue')}")

    async def _reply(self, client: AsyncKernelClient, asked: str) -> dict[str, Any]:
        while await self.is_alive():
            with suppress(Empty):
                reply: dict[str, Any] = await client.get_shell_msg(timeout=_LOOK)
                if reply["parent_header"].get("msg_id") == asked:
                    return reply
        raise NotTold(f"Kernel {self.kernel_id} has died.")
