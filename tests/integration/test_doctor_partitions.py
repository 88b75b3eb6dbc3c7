"""What the doctor says of the indexes of a partitioned table: each statement works, and is not handed out for ever."""

import pytest
from sqlalchemy import create_engine, text

from opsnb.database import Database
from opsnb.doctor import examine
from opsnb.settings import Settings
from support.foreign.owner import make_suggested_indexes
from support.history import execute

pytestmark = pytest.mark.every_postgres

NONE = "The filter by type: no index serves it."
BEGUN = "is not valid yet, for not every partition has its part"


def fixes(database: Database, words: str = "") -> list[str]:
    return [finding.fix for finding in examine(database) if words in finding.what and finding.severity == "warning"]


def run_each(database: Database, statements: list[str]) -> None:
    """Run statements as psql does, each for itself."""
    owner = create_engine(database.url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))
    owner.dispose()


@pytest.fixture
def partitioned(postgresql: Database) -> Database:
    """Runs in a partition each year, that of 2026 in halves."""
    execute(postgresql, "ALTER TABLE operation_runs RENAME TO old")
    execute(postgresql, "CREATE TABLE operation_runs (LIKE old INCLUDING DEFAULTS) PARTITION BY RANGE (created_at)")
    execute(postgresql, "DROP TABLE old CASCADE")
    for name, of, start, end, more in (
        ("runs_2025", "operation_runs", "2025-01-01", "2026-01-01", ""),
        ("runs_2026", "operation_runs", "2026-01-01", "2027-01-01", " PARTITION BY RANGE (created_at)"),
        ("runs_2026_a", "runs_2026", "2026-01-01", "2026-07-01", ""),
        ("runs 2026 b", "runs_2026", "2026-07-01", "2027-01-01", ""),
    ):
        execute(postgresql, f"CREATE TABLE \"{name}\" PARTITION OF {of} FOR VALUES FROM ('{start}') TO ('{end}'){more}")
    execute(postgresql, "INSERT INTO workspaces VALUES (1, 'Aurora')")
    execute(
        postgresql,
        "INSERT INTO operation_runs (id, workspace_id, type, status, outcome, context, created_at)"
        " SELECT g, 1, 't', 'completed', 'failed', '{}', timestamptz '2025-01-01' + g * interval '1 hour'"
        " FROM generate_series(1, 15000) g",
    )
    execute(postgresql, "ANALYZE operation_runs")
    return postgresql


def test_what_is_handed_out_is_made_and_not_handed_out_again(partitioned, open_database):
    statements = make_suggested_indexes(partitioned)
    assert len(statements) == 9
    assert not any("CONCURRENTLY" in statement for statement in statements)
    assert fixes(partitioned, "index") == []
    assert open_database(partitioned.url.render_as_string(hide_password=False)).finds_retries


def test_an_index_on_the_table_alone_is_finished_without_keeping_writers_waiting(partitioned):
    execute(partitioned, "CREATE INDEX ix_runs_type ON ONLY operation_runs (type, created_at DESC, id DESC)")
    (begun,) = fixes(partitioned, BEGUN)
    statements = begun.splitlines()
    assert sum("CREATE INDEX CONCURRENTLY" in statement for statement in statements) == 3
    assert sum("ATTACH PARTITION" in statement for statement in statements) == 4
    run_each(partitioned, statements[:3])  # whoever was cut off goes on
    (rest,) = fixes(partitioned, BEGUN)
    run_each(partitioned, rest.splitlines())
    assert fixes(partitioned, "filter by type") == []


def test_indexes_of_the_partitions_alone_are_not_taken_for_one_of_the_table(partitioned):
    for name in ("runs_2025", "runs_2026"):
        execute(partitioned, f"CREATE INDEX ON {name} (type, created_at DESC, id DESC)")
    assert len(fixes(partitioned, NONE)) == 1
    execute(partitioned, "CREATE INDEX ON operation_runs (type, created_at DESC, id DESC)")
    assert fixes(partitioned, NONE) == []


@pytest.mark.parametrize("one", [False, True], ids=["several", "one"])
def test_a_view_over_a_partitioned_table_leads_to_the_table(partitioned, open_database, one):
    execute(partitioned, "CREATE SCHEMA shown")
    execute(partitioned, "CREATE VIEW shown.operation_runs AS SELECT * FROM public.operation_runs")
    if one:
        execute(partitioned, "DROP TABLE runs_2026")
    url = partitioned.url.render_as_string(hide_password=False)
    seen = open_database(url, Settings(schema=("shown", "public")))
    statements = make_suggested_indexes(seen)
    assert len(statements) == 9
    assert all(" ON public.operation_runs " in statement for statement in statements)
    assert fixes(seen, "index") == []
