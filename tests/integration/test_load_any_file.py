"""Whatever a file holds, loading it ends in rows, rejected rows or one sentence, and never in a traceback."""

import gzip
import io
import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from sqlalchemy import func, select

from opsnb.database import Database
from opsnb.errors import OpsnbError
from opsnb.load.loading import load
from opsnb.load.mapfile import read_map
from opsnb.models import operation_runs
from opsnb.settings import Settings
from opsnb.text import visible

GOOD = {"workspace": "W", "type": "t", "status": "completed", "outcome": "failed", "created_at": "2026-01-02T03:04:05Z"}
NAMES = (*GOOD, "id", "tenant", "initiator_name", "started_at", "completed_at", "context")

odd_texts = st.sampled_from(
    ["", " ", "\0", "\ud800", "NaN", "1e999", "9" * 30, "2026-02-30", "10000-01-01", "0001-01-01T00:00:00+14:00",
     "{", '{"a": NaN}', '{"triage": 1}', "queued", "-1", "9223372036854775808", "\u202e", "x" * 3000]
) | st.text(max_size=8)  # fmt: skip
odd_values: Any = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**70), 2**70) | odd_texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(odd_texts, inner, max_size=2),
    max_leaves=4,
)
rows = st.lists(
    st.dictionaries(st.sampled_from(NAMES) | odd_texts, odd_values, max_size=4).map(lambda odd: {**GOOD, **odd}),
    min_size=1, max_size=4,
)  # fmt: skip
maps = st.sampled_from(
    ['', 'context = "rest"', 'time = "seconds"', 'time = "milliseconds"\ncontext = ["tenant.a", "id"]',
     '[columns]\ntype = "context.a"\nid = false\n[constants]\nstatus = "queued"']
)  # fmt: skip


def as_csv(found: list[dict[str, Any]], end: str) -> bytes:
    names = list(dict.fromkeys(name for row in found for name in row))
    lines = [names, *([str(row.get(name, "")) for name in names] for row in found)]
    return end.join(",".join(f'"{value}"' for value in line) for line in lines).encode(errors="replace")


def as_lines(found: list[dict[str, Any]], end: str) -> bytes:
    return end.join(map(json.dumps, found)).encode()


def as_array(found: list[dict[str, Any]], end: str) -> bytes:
    return json.dumps(found, indent=len(end)).encode()


def as_parquet(found: list[dict[str, Any]], _end: str) -> bytes:
    table = pa.table({name: [visible(str(row.get(name, "")), 50) for row in found] for name in NAMES})
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


WRITERS = {"r.csv": as_csv, "r.jsonl": as_lines, "r.json": as_array, "r.parquet": as_parquet}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder with an empty database, which each example copies."""
    made = tmp_path_factory.mktemp("any")
    shutil.copy(sqlite_template, made / "template.db")
    return made


def outcome(folder: Path, name: str, data: bytes, columns: str) -> tuple[int, int] | str:
    """Load a file into an empty database: the rows loaded and rejected, or the sentence that refuses it."""
    path, place = folder / name, folder / "runs.db"
    path.write_bytes(data)
    shutil.copy(folder / "template.db", place)
    database = Database(str(place), Settings())
    with closing(database):
        try:
            loaded = load(database, path, read_map(columns), now=datetime(2026, 1, 3, tzinfo=UTC))
        except OpsnbError as refused:
            return str(refused)
        assert database.fetch(select(func.count()).select_from(operation_runs))[0][0] == loaded.rows
    return loaded.rows, loaded.rejected


def one_sentence(done: object) -> bool:
    """Whether a refusal, if it is one, stands in one line."""
    return not isinstance(done, str) or len(done.splitlines()) == 1


@example([GOOD | {"status": None, "two\nlines": None}], "r.csv", "\n", "", False)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows, st.sampled_from([*WRITERS]), st.sampled_from(["\n", "\r\n", "\r", "\n\n"]), maps, st.booleans())
def test_no_value_leads_to_a_traceback(
    folder: Path, found: list[dict[str, Any]], name: str, end: str, columns: str, packed: bool
) -> None:
    data = WRITERS[name](found, end)
    done = outcome(folder, name + ".gz" * packed, gzip.compress(data) if packed else data, columns)
    assert one_sentence(done)
    if not isinstance(done, str) and name in ("r.json", "r.parquet"):
        assert sum(done) == len(found)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([*WRITERS, "r.csv.gz", "r.json.gz", "r.parquet.gz", "r.tsv", "r.xlsx"]),
    st.sampled_from(["CSV", "lines", "array", "parquet"]),
    st.lists(st.tuples(st.integers(-300, 5000), st.binary(max_size=3)), max_size=3),
    st.integers(0, 60),
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"[", b"PAR1", b"\x1f\x8b"]),
)
def test_no_damage_leads_to_a_traceback(
    folder: Path, name: str, kind: str, damages: list[tuple[int, bytes]], cut: int, before: bytes
) -> None:
    data = dict(zip(["CSV", "lines", "array", "parquet"], WRITERS.values(), strict=True))[kind]([GOOD] * 3, "\n")
    data = gzip.compress(data) if name.endswith(".gz") else data
    for at, piece in damages:
        place = at % len(data)
        data = data[:place] + piece + data[place + len(piece) :]
    assert one_sentence(outcome(folder, name, before + data[: len(data) - cut], ""))


def test_no_damage_of_a_parquet_footer_leads_to_a_traceback(folder: Path) -> None:
    data = as_parquet([GOOD], "")
    for place in range(len(data) - 1, len(data) - 400, -7):
        assert one_sentence(outcome(folder, "r.parquet", data[:place] + b"\xff" + data[place + 1 :], ""))


def test_damaged_parquet_data_is_said(folder: Path) -> None:
    data = as_parquet([GOOD], "")
    done = [outcome(folder, "r.parquet", data[:at] + b"\xff" + data[at + 1 :], "") for at in range(4, 60)]
    refused = [one for one in done if isinstance(one, str) and not one.startswith("No row of ")]
    assert refused
    assert [one for one in refused if "is damaged Parquet" not in one] == []


@given(st.text(max_size=60) | st.sampled_from(["[columns]\nid = 1", "columns = 3", "[values]\ntype = []", "a.b = 1"]))
def test_no_map_leads_to_a_traceback(folder: Path, text: str) -> None:
    assert one_sentence(outcome(folder, "r.jsonl", as_lines([GOOD], "\n"), text))
