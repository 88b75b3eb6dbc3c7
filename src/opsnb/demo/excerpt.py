"""The real runs of the demo: an excerpt of Bitcoin Core's CI, moved in time as NOTICE.md says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from opsnb.demo.story import Run
from opsnb.load.mapfile import find_map
from opsnb.load.rows import RowReader

NAME = "bitcoin-core-ci"
WORKSPACE = "Bitcoin Core CI"
BEFORE_NOW = timedelta(minutes=3)


def real_runs(now: datetime) -> list[Run]:
    """Give the real runs, the newest ended a few minutes before `now` (tz-aware UTC)."""
    jobs = list(_jobs())
    later = int((now - BEFORE_NOW).timestamp()) - max(job["finalStatusTimestamp"] for job in jobs)
    mapping = find_map(NAME)
    # The demo numbers its own runs; the job's number stays in the context.
    mapping = replace(mapping, columns={**mapping.columns, "id": None}, constants={"workspace": WORKSPACE})
    reader = RowReader(mapping, nul=False)
    return [_run(reader.run(_moved(job, later))) for job in jobs]


def _jobs() -> Iterator[dict[str, Any]]:
    packed = (files("opsnb.demo") / f"{NAME}.jsonl.gz").read_bytes()
    return map(json.loads, gzip.decompress(packed).splitlines())


def _moved(job: dict[str, Any], later: int) -> dict[str, Any]:
    moved = {key: value + later if key.endswith("Timestamp") else value for key, value in job.items()}
    return moved | ({"build": _moved(job["build"], later)} if "build" in job else {})


def _run(row: dict[str, Any]) -> Run:
    row["context"] = json.loads(row["context"])
    return Run(**{column.name: row[column.name] for column in fields(Run)})
