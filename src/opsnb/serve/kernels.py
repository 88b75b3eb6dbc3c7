"""Kernels: which interpreter they run, and to which page each belongs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import zmq
from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_async
from jupyter_server import CallContext
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from traitlets import default

from opsnb.connecting import configured_actor
from opsnb.errors import log
from opsnb.serve.activity import Activity
from opsnb.serve.forked import PROVISIONER, can_fork
from opsnb.serve.forking import ForkServer
from opsnb.serve.handlers import PageHandler
from opsnb.serve.kernel import NotStarted, PageKernel
from opsnb.serve.limits import no_kernel
from opsnb.serve.ownership import Owners
from opsnb.serve.pool import Pool

_SOCKETS = 24  # of ZeroMQ for one kernel: two of the server's own, and up to five for each channel while it connects


class NativeKernels(KernelSpecManager):
    """Knows one kernel: opsnb's own process in the server's interpreter, whatever kernels the user has installed."""

    def _kernel_dirs_default(self) -> list[str]:
        return []

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the interpreter's own kernel, in a process that ends with the server."""
        spec = super().get_kernel_spec(kernel_name)
        # -P: the folder of the notebooks is no place to find modules.
        spec.argv = make_ipkernel_cmd("opsnb.serve.page_process", python_arguments=["-P"])
        if can_fork():
            spec.metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER}
        return spec


class PageKernels(AsyncMappingKernelManager):
    """Gives each page a kernel of its own, that was told who looks; its application holds size and environment."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.context.set(zmq.MAX_SOCKETS, max(1023, _SOCKETS * self._server.max_kernels))
        self.owners = Owners()
        self._activities: dict[str, Activity] = {}
        self.fork_server = ForkServer(lambda: self._server.environment)
        self.pool = Pool(self._server.preheat, self._warm)

    @property
    def _server(self) -> Any:
        return self.parent

    @default("kernel_manager_class")
    def _kernel(self) -> str:
        return f"{PageKernel.__module__}.{PageKernel.__name__}"

    async def start_kernel(self, **_: Any) -> str:  # type: ignore[override] # what Voila would tell it says too much
        """Give the page that is being answered its kernel."""
        page = CallContext.get(CallContext.JUPYTER_HANDLER)
        assert isinstance(page, PageHandler)  # noqa: S101 - nothing else starts kernels
        kernel = await self._waiting() or await self._start_for_page()
        if page.left:
            await self.end(kernel)
            raise StreamClosedError
        self.owners.claim(kernel, page)
        page.kernel = cast("PageKernel", self.get_kernel(kernel))
        # It may have waited for longer than the kernel of a page may be idle.
        page.kernel.last_activity = datetime.now(UTC)
        page.kernel.request_id, page.kernel.user = page.request_id, page.user
        page.kernel.begin(page.request.path, page.request.query, configured_actor(page.current_user.username))
        return kernel

    async def _waiting(self) -> str | None:
        """Give a kernel that waits; one that has died meanwhile is no use to a page."""
        while kernel := self.pool.take():
            if await cast("PageKernel", self.get_kernel(kernel)).is_alive():
                return kernel
            await self._bury(kernel)
        return None

    async def _start_for_page(self) -> str:
        try:
            return await self._start()
        except (NotStarted, zmq.ZMQError) as error:  # of ZeroMQ: no open file is left for one more socket
            log.warning("a page got no kernel: %s", error)
            raise no_kernel() from error

    async def _start(self) -> str:
        kernel = self.new_kernel_id()
        started = super().start_kernel(kernel_id=kernel, env=dict(self._server.environment), path="")  # type: ignore[arg-type]
        try:
            await started
        except BaseException:
            await self.end(kernel)  # its process may run already
            raise
        return kernel

    async def _warm(self) -> str:
        kernel = await self._start()
        try:
            await cast("PageKernel", self.get_kernel(kernel)).warm()
        except BaseException:
            await self.end(kernel)
            raise
        return kernel

    def measured(self, seconds: float, failed: bool) -> None:
        """Take how long a statement of a kernel took."""
        self._server.metrics.statement(seconds, failed)

    async def end(self, kernel: str) -> None:
        """End a kernel at once, if it has not ended."""
        if kernel in self:
            await ensure_async(self.shutdown_kernel(kernel, now=True))  # type: ignore[no-untyped-call]

    def _handle_kernel_died(self, kernel_id: str) -> None:
        self.pool.discard(kernel_id)
        IOLoop.current().add_callback(self._bury, kernel_id)  # its page is told first

    async def _bury(self, kernel: str) -> None:
        log.warning("a kernel has died", extra={"kernel": kernel})
        await self.end(kernel)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End the kernel of a page that has gone; leave alone those that start or wait."""
        if kernel_id in self.owners:
            await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    def start_watching_activity(self, kernel_id: str) -> None:
        """Follow what a kernel publishes, by the one connection that is there whether a page is connected or not."""
        kernel = cast("PageKernel", self.get_kernel(kernel_id))
        self._activities[kernel_id] = Activity(kernel, self.track_message_type)

    def stop_watching_activity(self, kernel_id: str) -> None:
        """Follow it no more."""
        if activity := self._activities.pop(kernel_id, None):
            activity.close()

    def remove_kernel(self, kernel_id: str) -> KernelManager:
        """Forget whose a kernel was as it ends."""
        self.owners.forget(kernel_id)
        self.pool.discard(kernel_id)
        return super().remove_kernel(kernel_id)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override] # as in the class for asyncio
        """End every kernel, and start no more."""
        await self.pool.empty()
        # Not as the class itself does it: that stops at the first kernel that had failed to start.
        ends = (ensure_async(self.shutdown_kernel(kernel, now=now)) for kernel in self.list_kernel_ids())  # type: ignore[no-untyped-call]
        await asyncio.gather(*ends, return_exceptions=True)
        self.fork_server.close()
