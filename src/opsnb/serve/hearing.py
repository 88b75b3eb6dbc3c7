"""What the server hears from its kernels: lines for its own log, and how long their statements took."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from opsnb.serve.reporting import MARK
from opsnb.text import visible

_LONGEST = 2**18  # bytes of a line: many times what is told
_SHOWN = 2000
_kernels = logging.getLogger("opsnb.kernel")
Page = Callable[[], Mapping[str, object]]
Measured = Callable[[float, bool], None]


async def listen(page: Page, measured: Measured) -> int:
    """Give the descriptor of a pipe whose lines `Hearing` takes; whoever asked closes it."""
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: Hearing(page, measured), os.fdopen(reading, "rb", 0))
    return writing


class Hearing(asyncio.Protocol):
    """Takes what one kernel tells apart.

    Parameters
    ----------
    page
        Gives what every line is logged with: kernel, request and user, as far as there is one by then.
    measured
        Takes the seconds of a statement, and whether it failed.
    """

    def __init__(self, page: Page, measured: Measured) -> None:
        self._page, self._measured = page, measured
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """Take what came; a line that has no end in sight is cut."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._take(line.decode(errors="replace"))

    def connection_lost(self, _error: Exception | None) -> None:
        """Take what was left without an end."""
        if self._rest:
            self._take(self._rest.decode(errors="replace"))

    def _take(self, line: str) -> None:
        try:
            told = json.loads(line.removeprefix(MARK)) if line.startswith(MARK) else None
            if told and told["kind"] == "statement":
                self._measured(float(told["seconds"]), bool(told["failed"]))
                return
            level, text, exception = (told["level"], told["message"], told["exception"]) if told else _plain(line)
            self._log(int(level), str(text), told and told["logger"], exception)
        except (ValueError, TypeError, KeyError):
            self._log(*_plain(line)[:2])

    def _log(self, level: int, text: str, logger: str | None = None, exception: str | None = None) -> None:
        if text.strip():
            record = _kernels.makeRecord(logger or _kernels.name, level, "", 0, text, (), None, extra={**self._page()})
            record.exc_text = exception
            _kernels.handle(record)


def _plain(line: str) -> tuple[int, str, Any]:
    return logging.WARNING, visible(line, _SHOWN), None
