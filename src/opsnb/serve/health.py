"""Whether the server lives and can show pages, for whoever watches it; the answers tell nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from sqlalchemy import text
from tornado.web import RequestHandler

from opsnb.database import Database
from opsnb.errors import OpsnbError, log

_WAIT, _FRESH = 2.0, 1.0


class Readiness:
    """Asks whether the database answers and holds runs, at most once a second and never twice at the same time.

    Parameters
    ----------
    database
        What the pages show.
    pool
        Whether kernels can be kept waiting.
    """

    def __init__(self, database: Database, pool: Callable[[], bool]) -> None:
        self.stopping = False
        self._database, self._pool = database, pool
        self._asked: asyncio.Future[bool] | None = None
        self._began = 0.0

    async def trouble(self) -> str:
        """Say why no page can be shown; nothing where it can."""
        if self.stopping:
            return "The server is being stopped."
        if not self._pool():
            return "The kernels that wait for pages have not started."
        return "" if await self.database_answers() else "The database does not answer."

    async def database_answers(self) -> bool:
        """Whether it does, within two seconds."""
        if self._asked is None or (self._asked.done() and time.monotonic() - self._began > _FRESH):
            self._asked, self._began = asyncio.get_running_loop().create_future(), time.monotonic()
            # No pool of threads: the server would wait for it at its end.
            self._begin(self._asked)
        done, _ = await asyncio.wait([self._asked], timeout=_WAIT)
        return bool(done) and self._asked.result()

    def _begin(self, asked: asyncio.Future[bool]) -> None:
        try:
            threading.Thread(target=self._ask, args=(asked, asyncio.get_running_loop()), daemon=True).start()
        except RuntimeError as error:  # the machine has no thread left
            log.warning("not ready: %s", error)
            asked.set_result(False)

    def _ask(self, asked: asyncio.Future[bool], loop: asyncio.AbstractEventLoop) -> None:
        answers = False
        try:
            self._database.fetch(text(f"SELECT 1 FROM {self._database.table('operation_runs')} WHERE 1 = 0"))
            answers = True
        except OpsnbError as error:
            log.warning("not ready: %s", error)
        finally:
            with suppress(RuntimeError):  # the server has ended meanwhile
                loop.call_soon_threadsafe(asked.set_result, answers)


class Watched(RequestHandler):
    """Answers without asking who wants to know."""

    quiet = True

    def set_default_headers(self) -> None:
        """Do not tell what answers, and let nobody keep it."""
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")


class AliveHandler(Watched):
    """Says that the process lives."""

    route = "/healthz"

    def get(self) -> None:
        """Say so."""
        self.finish({"alive": True})


class ReadyHandler(Watched):
    """Says whether pages can be shown."""

    route = "/readyz"

    def initialize(self, readiness: Readiness) -> None:
        """Take what knows."""
        self._readiness = readiness

    async def get(self) -> None:
        """Say whether, and if not, why."""
        trouble = await self._readiness.trouble()
        if trouble:
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
            self.finish({"ready": False, "reason": trouble})
        else:
            self.finish({"ready": True})
