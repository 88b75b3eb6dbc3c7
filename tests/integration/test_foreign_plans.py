"""With the indexes that the doctor suggests, every page walks one of them in others' tables too."""

import pytest

from opsnb.database import Database
from opsnb.doctor import examine
from opsnb.links import Page
from support.foreign import SETTINGS, fill, people, run_script
from support.foreign.owner import make_suggested_indexes
from support.history import execute
from support.plans import assert_walks, plan, plans, turns

pytestmark = pytest.mark.every_postgres

ROWS = 20_000
RUNS = {"laravel": "adm_operation_runs", "native": "jobs"}
COLUMNS = {
    "laravel": "workspace_id, tenant_id, initiator_name, type, status, outcome, context, created_at",
    "native": "team_id, customer_id, started_by, kind, state, result, payload, created",
}
CASTS = {"laravel": ("text", "text", "jsonb"), "native": ("run_status", "run_outcome", "json")}
FILTERS = {
    "ix_runs_type": {"type": "rare.type"},
    "ix_runs_tenant": {"tenant": 3},
    "ix_runs_workspace": {"workspace": 2},
    "ix_runs_initiator": {"initiator": "Rare"},
}
INDEX = {Page.RUNS: "ix_runs_recent", Page.FAILURES: "ix_runs_failed", Page.STUCK: "ix_runs_live"}


@pytest.fixture(scope="module", params=["laravel", "native"])
def filled(request, postgres):
    """A long history in tables that others made; the tests only read it."""
    kind = request.param
    database = Database(postgres.create(f"plans_{kind}"), SETTINGS[kind])
    run_script(database, kind)
    fill(database, people())
    execute(database, "INSERT INTO tenants (workspace_id, name) VALUES (1, 'Big'), (1, 'Other'), (2, 'Small')")
    status, outcome, context = CASTS[kind]
    retry = "'{\"triage\": {\"retry_of_run_id\": ' || (i - 1) || '}}'"
    table = f"app.{RUNS[kind]}" if kind == "laravel" else RUNS[kind]
    execute(
        database,
        f"INSERT INTO {table} ({COLUMNS[kind]})"
        " SELECT CASE WHEN i % 500 = 0 THEN 2 ELSE 1 END, CASE WHEN i % 500 = 0 THEN 3 ELSE 1 END,"
        " CASE WHEN i % 500 = 0 THEN 'Rare' ELSE 'Ada' END,"
        " CASE WHEN i % 500 = 0 THEN 'rare.type' ELSE 'inventory.sync' END,"
        f" CAST(CASE WHEN i % 5 = 0 THEN 'running' ELSE 'completed' END AS {status}),"
        f" CAST(CASE WHEN i % 5 = 0 THEN 'pending' WHEN i % 50 = 1 THEN 'failed' ELSE 'succeeded' END AS {outcome}),"
        f" CAST(CASE WHEN i % 100 = 3 THEN {retry} ELSE '{{}}' END AS {context}),"
        f" timestamp '2026-11-23 14:00:00' - i * interval '37 seconds' FROM generate_series(1, {ROWS}) AS i",
    )
    make_suggested_indexes(database)
    yield database, RUNS[kind]
    database.close()
    postgres.drop(f"plans_{kind}")


def test_every_list_and_filter_walks_its_index(filled, ops_on):
    database, table = filled
    ops = ops_on(database)
    asked = [(page, index, {}) for page, index in INDEX.items()]
    asked += [(Page.RUNS, index, wanted) for index, wanted in FILTERS.items()]
    for page, index, wanted in asked:
        for ask in turns(ops, page, **wanted).values():
            assert_walks(plan(database, ask), index, table)


def test_retries_and_the_newest_retry_are_found_by_their_index(filled, ops_on):
    database, table = filled
    ops = ops_on(database)
    number = next(row.retry_of for row in ops.runs(limit=200).rows if row.retry_of)
    for steps in plans(database, lambda: (ops.run(number).lineage(), ops.runs(limit=5))):
        assert f"Seq Scan on {table}" not in steps, steps
    assert len(ops.run(number).lineage()) == 2


def test_the_doctor_suggests_no_index_a_second_time(filled):
    database, _ = filled
    assert [finding for finding in examine(database) if "CREATE" in finding.fix] == []
