"""Which indexes of an SQLite file count: those of the table of runs over all its rows, whatever other tables have."""

import pytest

from opsnb.database import Database
from opsnb.settings import Settings
from support.history import execute

MINE = ("operation_runs", "{}")
OTHERS = "other_runs"


@pytest.fixture
def bare(sqlite: Database) -> Database:
    """A database whose table of runs has no index, beside a table with the same columns."""
    with sqlite.look() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        indexes = list(names.scalars())
    for name in indexes:
        execute(sqlite, f"DROP INDEX {name}")
    execute(sqlite, f"CREATE TABLE {OTHERS} AS SELECT * FROM operation_runs")
    return sqlite


def answers(database: Database) -> tuple[frozenset[str], bool, bool]:
    return database.leading, database.has_order, database.finds_retries


NOTHING = (frozenset[str](), False, False)
RETRY_OF = "(context ->> '$.triage.retry_of_run_id')"


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("operation_runs (type, created_at DESC)", (frozenset({"type"}), False, False)),
        ("OPERATION_RUNS (tenant_id, created_at)", (frozenset({"tenant_id"}), False, False)),
        ("operation_runs (created_at DESC, id DESC)", (frozenset(), True, False)),
        (f"operation_runs ({RETRY_OF})", (frozenset(), False, True)),
        (f"{OTHERS} (type, created_at DESC)", NOTHING),
        (f"{OTHERS} (created_at DESC, id DESC)", NOTHING),
        (f"{OTHERS} ({RETRY_OF})", NOTHING),
        ("operation_runs (type, created_at)\nwhere tenant_id > 1", NOTHING),
        ("operation_runs (created_at, id)\tWHERE\tstatus = 'queued'", NOTHING),
        ("operation_runs (type COLLATE NOCASE, created_at)", NOTHING),
        ("operation_runs (created_at DESC, id ASC)", NOTHING),
        ("operation_runs (lower(type), created_at)", NOTHING),
        ("operation_runs (type)", NOTHING),
    ],
)
def test_an_index_counts_where_it_serves_the_runs(bare: Database, index: str, expected: object) -> None:
    execute(bare, f"CREATE INDEX made ON {index}")
    assert answers(bare) == expected


def test_a_table_of_another_name_has_its_own_indexes(bare: Database, open_database) -> None:
    execute(bare, f"CREATE INDEX made ON {OTHERS} (type, created_at)")
    named = open_database(bare.name, Settings(tables={"operation_runs": OTHERS}))
    assert named.leading == {"type"}
    assert bare.leading == frozenset()
