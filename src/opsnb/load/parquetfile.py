"""Rows of Parquet files; pyarrow is an optional extra and imported only here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsnb.errors import BadInput
from opsnb.load.records import Contents, Record
from opsnb.load.source import Source

BATCH = 1000


def read(source: Source) -> Contents:
    """Read the rows of a Parquet file.

    Raises
    ------
    BadInput
        If pyarrow is not installed, or cannot make sense of the file.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise BadInput(f"{source.path} is Parquet, which needs pyarrow; run: pip install 'opsnb[parquet]'") from None
    try:
        file = parquet.ParquetFile(source.seekable())
    except pa.ArrowException as error:
        raise _damaged(source, error) from error
    names = tuple(file.schema_arrow.names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{source.path} has the column {twice[0]!r} more than once; rename one of them.")
    return Contents(names, source.guard(_records(source, file, pa)), file.metadata.num_rows)


def _records(source: Source, file: Any, pa: Any) -> Iterator[Record]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            size = batch.nbytes // max(batch.num_rows, 1)
            for number, fields in enumerate(_plain(batch, pa).to_pylist(), number + 1):  # noqa: B020
                yield Record(number, fields, size=size)
    except pa.ArrowException as error:
        raise _damaged(source, error) from error


def _plain(batch: Any, pa: Any) -> Any:
    """Cut times to microseconds: Python knows no finer ones."""
    for index, column in enumerate(batch.schema):
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            micro = batch.column(index).cast(pa.timestamp("us", column.type.tz), safe=False)
            batch = batch.set_column(index, column.name, micro)
    return batch


def _damaged(source: Source, error: Exception) -> BadInput:
    why = next(iter(str(error).splitlines()), "")
    return BadInput(f"{source.path} is damaged Parquet ({why}); write or fetch it again.")
