"""Which format a file has: told by its content where that can be, else by its name."""

from __future__ import annotations

import codecs

from opsnb.errors import BadInput
from opsnb.load import csvfile, jsonfile, parquetfile
from opsnb.load.records import Contents
from opsnb.load.source import Source

CSV, LINES, PARQUET = (".csv", ".tsv"), (".jsonl", ".ndjson", ".json"), (".parquet", ".pq")
EXPECTED = ".csv, .tsv, .jsonl, .ndjson, .json or .parquet, each also with .gz"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def contents(source: Source, delimiter: str | None = None) -> Contents:
    """Read a file of any known format; the rows stream and are never held together.

    Raises
    ------
    BadInput
        If the file has no known format, or is not what its name says.
    """
    head = source.head()
    if head.startswith(b"PAR1"):
        return parquetfile.read(source)
    if head.startswith(_UTF16):
        raise BadInput(f"{source.path} is UTF-16 text; save it as UTF-8.")
    if source.suffix in CSV:
        return csvfile.read(source, delimiter or ("\t" if source.suffix == ".tsv" else ","))
    if source.suffix in LINES:
        return jsonfile.read(source, head)
    if source.suffix in PARQUET:
        raise BadInput(f"{source.path} is not Parquet, though its name says so.")
    raise BadInput(f"{source.path} has a name of no known format; expected {EXPECTED}.")
