"""What every part of the console shares: assets, state that flows one way, messages that cannot break the kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from opsnb.errors import OpsnbError, log

HERE = Path(__file__).parent
Handler = Callable[[Mapping[str, Any]], None]
UNEXPECTED = "Something went wrong inside opsnb; its log has the details. Refresh, and report it if it stays."


def asset(name: str, *shared: str) -> str:
    """Join the `shared` files and this widget's own into one ES module or stylesheet: there is no bundler."""
    return "\n".join((HERE / part).read_text(encoding="utf-8") for part in (*shared, name))


def following(go: Callable[[str], None]) -> Handler:
    """Make the handler of a followed link out of what takes a canonical address."""
    return lambda message: go(str(message.get("address")))


def sentence(error: Exception) -> str:
    """Say an error to a person; one that was not foreseen goes to the log and is only mentioned."""
    if isinstance(error, OpsnbError):
        return str(error)
    log.error("unexpected", exc_info=error)
    return UNEXPECTED


class View(anywidget.AnyWidget):
    """A part of the console.

    Parameters
    ----------
    handlers
        What to do for each message ``type`` that its browser side sends.
    """

    state = traitlets.Dict().tag(sync=True)
    shown = traitlets.Bool(True).tag(sync=True)

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        super().__init__()
        self._handlers = dict(handlers)
        self.on_msg(self._receive)

    def send_state(self, key: Any = None) -> None:
        """Send one trait or several; `shown` last, which shows what the others have filled."""
        super().send_state(key if key is None or isinstance(key, str) else sorted(key, key="shown".__eq__))

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Ignore what a browser sets: state flows from the kernel to the browser only."""
        log.info("%s: refused state from a browser: %s", type(self).__name__, ", ".join(map(str, sync_data)))

    def _receive(self, _widget: object, content: Any, _buffers: object) -> None:
        handler = self._handlers.get(str(content.get("type"))) if isinstance(content, dict) else None
        if handler is None:
            return
        try:
            handler(content)
        except Exception as error:  # noqa: BLE001  a message must never end in a traceback in the browser
            self.failed(sentence(error))

    def failed(self, message: str) -> None:
        """Tell the browser that the last message came to nothing, and why."""
        self.send({"type": "failed", "message": message})

    def __repr__(self) -> str:
        return type(self).__name__
