"""Kernels: which interpreter they run, and to which page each belongs."""

from __future__ import annotations

from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.utils import ensure_async
from jupyter_server import CallContext
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from opsnb.serve.handlers import PageHandler


class NativeKernels(KernelSpecManager):
    """Knows one kernel: the interpreter that runs the server, whatever kernels the user has installed."""

    def _kernel_dirs_default(self) -> list[str]:
        return []


class PageKernels(AsyncMappingKernelManager):
    """Tells each page which kernel is its own."""

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override] # all are passed by name
        """Start a kernel for the page that is being answered."""
        page = CallContext.get(CallContext.JUPYTER_HANDLER)
        if isinstance(page, PageHandler):
            options["env"] = options["env"] | {"OPSNB_ACTOR": page.current_user.username}
        kernel: str = await ensure_async(super().start_kernel(**options))
        if isinstance(page, PageHandler):
            page.kernel = kernel
        return kernel
