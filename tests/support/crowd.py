"""Many viewers at once, and what is measured meanwhile."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from opsnb import demo
from opsnb.database import Database
from opsnb.settings import Settings
from support.history import ENTRY, VIEW, add_user
from support.serving import Server, connection_file, serving
from support.viewer import SECRET, Person, Refused, Viewer

MB = 2**20
QUERIES = ({"outcome": "failed"}, {"status": "completed"}, {"type": "inventory.sync"}, {})
BLIND = 4  # every fourth person may see nothing


@dataclass
class Sample:
    """The memory at one moment: seconds since the start; the server's and each kernel's in MB."""

    at: float
    server: float
    kernels: list[float]


@dataclass
class Report:
    """What happened; `times` in seconds by what was asked for."""

    times: dict[str, list[float]] = field(default_factory=dict)
    refused: Counter[Person] = field(default_factory=Counter)
    served: Counter[Person] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    kernels: set[str] = field(default_factory=set)

    @contextlib.contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Take the time of what goes well."""
        began = time.monotonic()
        yield
        self.times.setdefault(what, []).append(time.monotonic() - began)

    def percentiles(self, what: str) -> tuple[int, float, float]:
        """Give how many there were, the median and what 95 of 100 stay below, in seconds."""
        times = self.times[what]
        marks = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 20
        return len(times), marks[9], marks[18]


def people(number: int) -> list[Person]:
    """Give so many persons."""
    return [Person(each, sees=each % BLIND != 0) for each in range(1, number + 1)]


def serving_crowd(folder: Path, crowd: Sequence[Person], *options: str) -> "AbstractContextManager[Server]":
    """Run a server on the demo that knows them all."""
    database = Database(str(folder / "runs.db"), Settings())
    demo.prepare(database, datetime.now(UTC))
    for person in crowd:
        add_user(database, person.email, *([ENTRY, VIEW] if person.sees else []), name=person.name)
    database.close()
    told = ("--database", str(folder / "runs.db"), "--identity=proxy", *options)
    return serving(folder, *told, OPSNB_PROXY_SECRET=SECRET)


async def look(server: Server, crowd: Sequence[Person], seconds: float, think: float) -> Report:
    """Let everybody look for so long; each thinks for about `think` seconds before the next click."""
    report, end = Report(), time.monotonic() + seconds
    async with watching(server, report):
        await asyncio.gather(*(_come(server, person, report, end, think) for person in crowd))
    return report


def wait_for_ends(server: Server, report: Report, seconds: float = 30) -> None:
    """Wait until no kernel of any page runs; those that wait for a page may."""
    end = time.monotonic() + seconds
    while left := report.kernels & {_number(kernel) for kernel in server.kernels()}:
        assert time.monotonic() < end, f"{len(left)} kernels run of pages that were closed"
        time.sleep(0.05)


def _number(kernel: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        if file := connection_file(kernel):
            return file.stem.removeprefix("kernel-")
    return ""


async def _come(server: Server, person: Person, report: Report, end: float, think: float) -> None:
    while time.monotonic() < end:
        viewer = Viewer(server.root, person)
        try:
            await _visit(viewer, report, end, think)
        except Refused as refused:
            report.refused[person] += 1
            await asyncio.sleep(min(refused.args[0], max(0, end - time.monotonic())))
        except Exception as error:  # noqa: BLE001 - each is told at the end
            report.errors.append(f"{person.name}: {error!r}")
            await asyncio.sleep(think)


async def _visit(viewer: Viewer, report: Report, end: float, think: float) -> None:
    try:
        with report.timed("page"):
            await viewer.open()
        report.served[viewer.person] += 1
        for query in QUERIES:
            await _click(viewer, report, query, think)
            if time.monotonic() > end:
                break
    finally:
        report.kernels |= {viewer.kernel} - {""}
        await viewer.close()


async def _click(viewer: Viewer, report: Report, query: dict[str, str], think: float) -> None:
    async def pause() -> None:
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)

    await pause()
    if not viewer.person.sees:
        return await viewer.retry()
    with report.timed("filter"):
        await viewer.filter(query)
    await pause()
    with report.timed("detail"):
        await viewer.detail(random.choice(viewer.rows))
    await pause()
    with report.timed("back"):
        await viewer.back()
    return None


@contextlib.asynccontextmanager
async def watching(server: Server, report: Report) -> AsyncIterator[None]:
    """Take memory, and whether the server says that it lives, until the block ends."""
    tasks = [asyncio.create_task(each) for each in (_weigh(server, report), _ask_health(server, report))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(result, asyncio.CancelledError):
                report.errors.append(f"watching: {result!r}")


async def _weigh(server: Server, report: Report) -> None:
    began = time.monotonic()
    while True:
        report.samples.append(await asyncio.to_thread(weigh, server, began))
        await asyncio.sleep(1)


def weigh(server: Server, began: float = 0) -> Sample:
    """Take the memory of the server and its kernels."""
    kernels = []
    for kernel in server.kernels():
        with contextlib.suppress(psutil.NoSuchProcess):
            kernels.append(kernel.memory_info().rss / MB)
    return Sample(time.monotonic() - began, psutil.Process(server.process.pid).memory_info().rss / MB, kernels)


async def _ask_health(server: Server, report: Report) -> None:
    client = AsyncHTTPClient(force_instance=True)
    while True:
        with report.timed("healthz"):
            answer = await client.fetch(HTTPRequest(f"{server.root}/healthz", request_timeout=60), raise_error=False)
        assert answer.code == 200, f"/healthz says {answer.code}"
        await asyncio.sleep(0.5)
