"""Rows of Parquet files; pyarrow is an optional extra and imported only here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from opsnb.errors import BadInput
from opsnb.load.records import Contents, Record, check_names
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
        names = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as error:  # OSError: a damaged footer; ValueError: its texts
        raise _damaged(source, error) from error
    check_names(source, names)
    return Contents(names, source.guard(_records(source, file, pa)), file.metadata.num_rows)


def _records(source: Source, file: Any, pa: Any) -> Iterator[Record]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            size = batch.nbytes // max(batch.num_rows, 1)
            for number, record in enumerate(_rows(_plain(batch, pa)), number + 1):  # noqa: B020
                yield replace(record, line=number, size=size)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source, error) from error


def _rows(batch: Any) -> Iterator[Record]:
    """Give the rows of a batch: all at once, or one by one where one holds what Python cannot."""
    try:
        yield from [Record(0, fields) for fields in batch.to_pylist()]
    except (ValueError, OverflowError):
        yield from (_row(batch.slice(place, 1)) for place in range(batch.num_rows))


def _row(batch: Any) -> Record:
    """Read a batch of one row: a time beyond the year 9999, or text that is not UTF-8, is a row with a problem."""
    try:
        return Record(0, batch.to_pylist()[0])
    except (ValueError, OverflowError) as error:
        return Record(0, problem=f"holds a value that cannot be read: {next(iter(str(error).splitlines()), '')}")


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
