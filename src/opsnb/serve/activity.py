"""What a kernel publishes, as the server follows it: whether it works, when it last did, which requests are done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jupyter_client.session import Session

from opsnb.serve.kernel import PageKernel


class Activity:
    """Follows one kernel until it is closed.

    Parameters
    ----------
    kernel
        Whose state and time of last activity are kept up to date.
    is_tracked
        Whether a message of this type, None for none, is an activity.
    """

    def __init__(self, kernel: PageKernel, is_tracked: Callable[[str | None], bool]) -> None:
        self._kernel, self._is_tracked = kernel, is_tracked
        self._session = Session(config=kernel.session.config, key=kernel.session.key)
        kernel.reason, kernel.last_activity = "", datetime.now(UTC)
        self._stream: Any = kernel.connect_iopub()
        self._stream.on_recv(self._take)

    def close(self) -> None:
        """Follow it no more."""
        if not self._stream.closed():
            self._stream.close()

    def _take(self, parts: list[bytes]) -> None:
        _, fed = self._session.feed_identities(parts)
        message = self._session.deserialize(
            fed, content=False
        )  # most contents are large, and none but a status matters
        kind, parent = message["header"]["msg_type"], message["parent_header"]
        tracked = self._is_tracked(parent.get("msg_type"))
        if tracked or self._is_tracked(kind) or self._kernel.execution_state == "busy":
            self._kernel.last_activity = datetime.now(UTC)
        if kind == "status":
            self._take_state(self._session.unpack(message["content"])["execution_state"], parent, tracked=tracked)

    def _take_state(self, state: str, parent: dict[str, Any], *, tracked: bool) -> None:
        if tracked:
            self._kernel.execution_state = state
        elif self._kernel.execution_state == "starting" != state:
            self._kernel.execution_state = "idle"
        if state == "idle":
            self._kernel.unanswered.remove(parent.get("msg_id", ""))
