"""Large histories: memory that does not grow with the rows, and the whole real history where it is at hand."""

import csv
import gzip
import json
import os
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from opsnb.database import Database
from opsnb.load import find_map, load

HISTORY = os.environ.get("OPSNB_CI_HISTORY", "")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("workspace", "tenant", "type", "status", "outcome", "created_at", "context")


def write_rows(path: Path, rows: int) -> Path:
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            when = NOW + timedelta(milliseconds=number)
            context = json.dumps({"note": "x" * 200, "n": number})
            writer.writerow(["W", f"tenant {number % 40}", "t", "completed", "failed", when, context])
    return path


def peak(database: Database, path: Path) -> int:
    tracemalloc.start()
    try:
        load(database, path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(sqlite: Database, tmp_path: Path) -> None:
    few = peak(sqlite, write_rows(tmp_path / "few.csv.gz", 5_000))
    many = peak(sqlite, write_rows(tmp_path / "many.csv.gz", 30_000))
    assert many < 1.3 * few


def test_large_rows_are_written_before_they_fill_the_memory(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    row = "W,,t,queued,pending,2026-01-01T00:00:00Z," + '"{""x"": ""' + "x" * 400_000 + '""}"\n'
    path.write_text(",".join(COLUMNS) + "\n" + row * 100)
    assert peak(sqlite, path) < 30 * 2**20


@pytest.mark.skipif(not HISTORY, reason="OPSNB_CI_HISTORY names no tasks.json.gz of bitcoin-core-ci-stats")
def test_the_whole_real_history(database: Database) -> None:
    loaded = load(database, Path(HISTORY), find_map("bitcoin-core-ci"))
    assert (loaded.rows, loaded.rejected) == (17_002, 0)
    negative = "SELECT count(*) FROM operation_runs WHERE completed_at < started_at"
    longest = "SELECT max(length(CAST(context AS TEXT))) FROM operation_runs"
    assert database.fetch(text(negative))[0][0] == 83
    assert database.fetch(text(longest))[0][0] > 150_000
