"""Indexes of partitioned tables of PostgreSQL: one on the table, and a part of it on each partition."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

LONGEST = 63  # bytes of a name in PostgreSQL

_INVALID = """
    SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE indrelid = to_regclass(:table) AND relname = :name AND NOT indisvalid
"""
# Of the indexes named, on the table or its partitions, those that belong to no valid index of the table.
_LOOSE = """
    SELECT 1 FROM pg_index AS own JOIN pg_class ON pg_class.oid = own.indexrelid
    WHERE relname = ANY(:names)
    AND own.indrelid IN (SELECT relid FROM pg_partition_tree(to_regclass(:table)))
    AND NOT EXISTS (
        SELECT FROM pg_partition_ancestors(own.indexrelid) AS above JOIN pg_index ON pg_index.indexrelid = above.relid
        WHERE pg_index.indrelid = to_regclass(:table) AND pg_index.indisvalid)
"""
_FOUND = """
    SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname = ANY(:names) AND indrelid IN (SELECT relid FROM pg_partition_tree(to_regclass(:table)))
"""
_CHILDREN = """
    SELECT relname, quote_ident(nspname) || '.' || quote_ident(relname), relkind = 'p', quote_ident(nspname),
           part.place, coalesce(part.indisvalid, false)
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN LATERAL (
        SELECT CAST(CAST(own.indexrelid AS regclass) AS text) AS place, own.indisvalid
        FROM pg_index AS own JOIN pg_inherits AS belongs ON belongs.inhrelid = own.indexrelid
        WHERE own.indrelid = pg_class.oid AND belongs.inhparent = to_regclass(:index)) AS part ON true
    WHERE inhparent = to_regclass(:table) ORDER BY relname
"""


class _Partition(NamedTuple):
    """A partition, and its part of an index; `part` is None where it has none yet."""

    name: str
    place: str
    is_partitioned: bool
    schema: str
    part: str | None
    is_valid: bool


def has_whole_index(connection: Connection, table: str, names: Collection[str]) -> bool:
    """Whether the indexes named are parts of valid indexes of the table, so that new partitions get theirs too."""
    values = {"table": table, "names": list(names)}
    found, loose = (connection.execute(text(statement), values).first() for statement in (_FOUND, _LOOSE))
    return found is not None and loose is None


def invalid_index(connection: Connection, table: str, name: str) -> str | None:
    """Give the place of an index of the table that lacks parts, as CREATE INDEX .. ON ONLY leaves it."""
    found: str | None = connection.execute(text(_INVALID), {"table": table, "name": name}).scalar()
    return found


def finishing(connection: Connection, table: str, index: str, making: str) -> Iterator[str]:
    """Write the statements that make the missing parts of an index, none of which keeps writers waiting.

    Parameters
    ----------
    table, index
        Their places, as SQL takes them.
    making
        Keys and condition of the index.
    """
    base = index.rpartition(".")[2].strip('"')
    rows = connection.execute(text(_CHILDREN), {"table": table, "index": index})
    for child in [_Partition(*row) for row in rows]:
        if child.is_valid:
            continue
        name = f"{base}_{child.name}".encode()[:LONGEST].decode(errors="ignore").replace('"', '""')
        name = f'"{name}"'
        part = child.part or f"{child.schema}.{name}"
        how = "INDEX IF NOT EXISTS" if child.is_partitioned else "INDEX CONCURRENTLY IF NOT EXISTS"
        only = "ONLY " if child.is_partitioned else ""
        if child.part is None:
            yield f"CREATE {how} {name} ON {only}{child.place} {making};"
        if child.is_partitioned:
            yield from finishing(connection, child.place, part, making)
        if child.part is None:
            yield f"ALTER INDEX {index} ATTACH PARTITION {part};"
