"""Files of every format as records, and what is said of files that are none."""

import gzip
import io
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.errors import BadInput
from opsnb.load.formats import contents
from opsnb.load.jsonarray import BrokenArray, split_items
from opsnb.load.records import Record
from opsnb.load.source import Source

ROWS = [{"a": "1", "b": "x"}, {"a": "2", "b": "ü"}]
CSV = "a,b\n1,x\n2,ü\n".encode()
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
ARRAY = json.dumps(ROWS).encode()
BOM = b"\xef\xbb\xbf"
anything: Any = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def read(path: Path, data: bytes, delimiter: str | None = None) -> list[Record]:
    path.write_bytes(data)
    with Source(path) as source:
        return list(contents(source, delimiter).records)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.csv", CSV),
        ("R.CSV", BOM + CSV),
        ("r.tsv", CSV.replace(b",", b"\t")),
        ("r.jsonl", LINES),
        ("r.ndjson", BOM + LINES),
        ("r.json", ARRAY),
        ("r.json", BOM + b"\n " + ARRAY),
        ("array.jsonl", ARRAY),
        ("lines.json", LINES),
        ("r.parquet", None),
    ],
)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, data: bytes | None, packed: bool) -> None:
    data = parquet(ROWS) if data is None else data
    found = read(tmp_path / (name + ".gz" * packed), gzip.compress(data) if packed else data)
    assert [record.fields for record in found] == ROWS


def test_packed_files_need_no_ending_that_says_so(tmp_path: Path) -> None:
    assert [record.fields for record in read(tmp_path / "r.csv", gzip.compress(CSV))] == ROWS


def test_lines_are_numbered_where_rows_begin(tmp_path: Path) -> None:
    found = read(tmp_path / "r.csv", b'a,b\n1,"x\ny"\n\n2,z\n3\n"4"x,y\n5,z\n')
    assert [(record.line, record.fields.get("a")) for record in found] == [
        (2, "1"), (5, "2"), (6, None), (7, None), (8, "5"),
    ]  # fmt: skip
    assert next(record.problem for record in found if record.problem).startswith("has 1 values")


def test_a_broken_line_of_json_is_one_broken_row(tmp_path: Path) -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    digits = b'{"a":' + b"9" * 5000 + b"}\n"
    found = read(tmp_path / "r.jsonl", b'{"a":1}\n{"a":\n\n[1]\n' + deep + digits + b'{"a":2}')
    assert [(record.line, bool(record.problem)) for record in found] == [
        (1, False), (2, True), (4, True), (5, True), (6, True), (7, False),
    ]  # fmt: skip


def test_a_broken_item_of_an_array_is_one_broken_row(tmp_path: Path) -> None:
    items = [b'{"a": 1}', b'{"a": NaN}', b"", b"{'a': 2}", b"9" * 5000, b'{"a": "\\"], [{"}', b'{"a" 3}', b'{"a": 4}']
    found = read(tmp_path / "r.json", b"[" + b",\n".join(items) + b"]\n")
    assert [record.line for record in found if record.problem] == [3, 4, 5, 7]
    assert [record.fields.get("a") for record in found if record.line in (1, 6, 8)] == [1, '"], [{', 4]


@given(st.lists(anything, max_size=4), st.integers(1, 9), st.booleans())
def test_an_array_is_split_into_its_items_wherever_it_is_cut(items: list[Any], size: int, ascii_only: bool) -> None:
    data = json.dumps(items, ensure_ascii=ascii_only, indent=size % 3 or None).encode(errors="surrogatepass")
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    found = [json.loads(item.decode(errors="surrogatepass")) for item in split_items(chunks, 10_000)]
    assert repr(found) == repr(json.loads(data.decode(errors="surrogatepass")))


def test_a_row_of_an_array_has_a_longest_size() -> None:
    with pytest.raises(BrokenArray, match="a row is longer than 1 MB"):
        list(split_items([b"[", *[b'"' + b"x" * 2**19] * 3], 2**20))


def test_odd_items_of_an_array_are_broken_rows(tmp_path: Path) -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    found = read(tmp_path / "r.json", b'[{"a":{"b":[1]}}, 3, null, [], ' + deep + b', {"a":2}]')
    assert [(record.line, record.fields) for record in found if not record.problem] == [
        (1, {"a": {"b": [1]}}), (6, {"a": 2}),
    ]  # fmt: skip


def test_fields_may_be_long_and_other_delimiters_be_named(tmp_path: Path) -> None:
    assert len(read(tmp_path / "r.csv", b"a;b\n1;" + b"x" * 300_000, ";")[0].fields["b"]) == 300_000


def test_a_delimiter_may_be_written_as_backslash_t(tmp_path: Path) -> None:
    assert read(tmp_path / "r.csv", b"a\tb\n1\tx\n", "\\t")[0].fields == {"a": "1", "b": "x"}


@pytest.mark.parametrize("delimiter", [";;", "\\n", '"', "\n", "\0"])
def test_what_is_no_delimiter_is_refused(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(BadInput, match="The delimiter of a CSV file is one character"):
        read(tmp_path / "r.csv", CSV, delimiter)


def growth(read_one: Callable[[int], object], length: int) -> float:
    """Give how many times as much processor time ten times the length takes."""

    def spent(length: int) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            read_one(length)
            times.append(time.process_time() - start)
        return min(times)

    return spent(10 * length) / max(spent(length), 0.002)


def test_a_wide_table_is_read_in_linear_time(tmp_path: Path) -> None:
    def read_wide(width: int) -> None:
        line = ",".join(f"column {number}" for number in range(width))
        found = read(tmp_path / "r.csv", f"{line}\n{line}\n".encode())
        assert found[0].fields[f"column {width - 1}"] == f"column {width - 1}"

    read_wide(40_000)
    assert growth(read_wide, 2_000) < 40  # a hundred where each name is compared with all others


def test_a_long_item_of_an_array_is_read_in_linear_time() -> None:
    def split_long(length: int) -> None:
        chunks = [b'["', *[b"x" * 250] * length, b'"]']
        assert [len(item) for item in split_items(chunks, 2**22)] == [250 * length + 2]

    assert growth(split_long, 1_000) < 40


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_parquet_time_beyond_the_calendar_is_one_broken_row(tmp_path: Path, unit: str) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    beyond = 253_402_300_800 * {"s": 1, "ms": 1000, "us": 1_000_000}[unit]  # the first second of the year 10000
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"t": pa.array([0, beyond, None], pa.timestamp(unit, "UTC"))}), path)
    with Source(path) as source:
        found = list(contents(source).records)
    assert [(record.line, bool(record.problem)) for record in found] == [(1, False), (2, True), (3, False)]


def test_parquet_times_are_cut_to_microseconds(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"t": pa.array([1_767_323_045_000_000_123], pa.timestamp("ns", "UTC"))}), path)
    with Source(path) as source:
        [record] = contents(source).records
    assert record.fields["t"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "data", "named"),
    [
        ("r.csv", b"", "is empty"),
        ("r.csv", b"\n\n", "has no header line"),
        ("r.csv", b"a,b,a\n", "has the column 'a' more than once"),
        ("r.csv", b'a\n"x\ny\n', "the quote opened in line 2 is never closed"),
        ("r.csv", b"a\nJ\xe9r\xf4me\n", "is not UTF-8 text (byte 0xe9 in line 2)"),
        ("r.csv", CSV.decode().encode("utf-16"), "is UTF-16 text"),
        ("r.csv", b'"a"b\n', "broken header line"),
        ("r.jsonl", bytes(range(256)), "is not UTF-8 text"),
        ("r.json", ARRAY[:-5], "stops being JSON after row 1"),
        ("r.json", ARRAY + b"x", "stops being JSON after row 2"),
        ("r.json", b'[{"a": 1}, {"a": "}]', "stops being JSON after row 1 (the array has no end)"),
        ("r.json", b'[{"a": 1}][]', "stops being JSON after row 1 (something follows the array)"),
        ("r.json", b'[{"a": 1}, {"a": "\xe9"}]', "is not UTF-8 text (byte 0xe9 in row 2)"),
        ("r.parquet", CSV, "is not Parquet"),
        ("r.parquet", b"PAR1" + CSV, "is damaged Parquet"),
        ("r.xlsx", b"PK\3\4", "a name of no known format"),
        ("r.csv.gz", gzip.compress(CSV, mtime=0)[:-12], "is cut off"),
        ("r.csv.gz", gzip.compress(CSV, mtime=0) + b"x", "is damaged gzip data"),
        ("r.csv.gz", b"\x1f\x8b" + b"x" * 50, "is damaged gzip data"),
        ("r.parquet.gz", gzip.compress(b"PAR1" + os.urandom(9000))[:-2000], "is cut off"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path: Path, name: str, data: bytes, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(tmp_path / name, data)
    assert named in str(refused.value)
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("name", "named"), [(".", "is a folder"), ("no.csv", "There is no file"), (os.devnull, "is no regular file")]
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        Source(tmp_path / name)


def test_parquet_without_pyarrow_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(BadInput, match=r"pip install 'opsnb\[parquet\]'"):
        read(tmp_path / "r.parquet", b"PAR1" + CSV)
