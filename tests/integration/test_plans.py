"""Each list's page walks an index in its order: no sort, no scan, however long the history."""

import re
from datetime import timedelta
from functools import partial
from itertools import combinations, permutations

import pytest

from opsnb.links import Page
from opsnb.queries.norms import Norms
from opsnb.settings import Settings
from support.history import NOW, add_people, add_runs, add_workspace, execute
from support.plans import assert_walks, plan, plans, turns
from support.statements import recorded

pytestmark = pytest.mark.every_postgres

INDEX = {Page.RUNS: "ix_runs_recent", Page.FAILURES: "ix_runs_failed", Page.STUCK: "ix_runs_live"}
FILTERED = {
    "type": ("rare.type", "ix_runs_type"),
    "tenant": (7, "ix_runs_tenant"),
    "workspace": (2, "ix_runs_workspace"),
    "initiator": ("Rare", "ix_runs_initiator"),
}
ROWS = 20_000
FILL = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {rows}))",
}
CREATED = {
    "sqlite": "datetime('2026-11-23 14:00:00', '-' || (i * 37) || ' seconds')",
    "postgresql": "timestamptz '2026-11-23 14:00:00Z' - i * interval '37 seconds'",
}
RETRY = {
    "sqlite": "json_object('triage', json_object('retry_of_run_id', {rows} - i - 20))",
    "postgresql": "jsonb_build_object('triage', jsonb_build_object('retry_of_run_id', {rows} - i - 20))",
}
PLAIN = {"sqlite": "'{}'", "postgresql": "CAST('{}' AS jsonb)"}


@pytest.fixture(scope="module")
def contents():
    return fill


def fill(database):
    """A long history: one run in five live, one in fifty failed, one in a hundred a retry, and some rare values."""
    add_people(database)
    for number in (1, 2):
        add_workspace(database, f"Workspace {number}", id=number)
    execute(database, "INSERT INTO tenants (id, workspace_id, name) VALUES (1, 1, 'Big'), (7, 2, 'Small')")
    kind = "sqlite" if database.is_sqlite else "postgresql"
    execute(
        database,
        "INSERT INTO operation_runs (id, workspace_id, tenant_id, initiator_name, type, status, outcome, context,"
        f" created_at) {FILL[kind].format(rows=ROWS)} SELECT {ROWS} - i, CASE WHEN i % 500 = 0 THEN 2 ELSE 1 END,"
        " CASE WHEN i % 500 = 0 THEN 7 ELSE 1 END, CASE WHEN i % 500 = 0 THEN 'Rare' ELSE 'Ada' END,"
        " CASE WHEN i % 500 = 0 THEN 'rare.type' ELSE 'inventory.sync' END,"
        " CASE WHEN i % 5 = 0 THEN 'running' ELSE 'completed' END,"
        " CASE WHEN i % 5 = 0 THEN 'pending' WHEN i % 50 = 1 THEN 'failed' ELSE 'succeeded' END,"
        f" CASE WHEN i % 100 = 3 THEN {RETRY[kind].format(rows=ROWS)} ELSE {PLAIN[kind]} END, {CREATED[kind]} FROM n",
    )
    execute(database, "ANALYZE")


@pytest.fixture
def filled(database):
    return database


def test_every_page_of_every_list_walks_its_index(filled, ops_on):
    ops = ops_on(filled)
    for page, index in INDEX.items():
        for ask in turns(ops, page).values():
            assert_walks(plan(filled, ask), index)


def test_from_rows_without_a_time_the_index_leads_on(filled, ops_on):
    if filled.is_sqlite:
        pytest.skip("they come last there, and nothing is behind them")
    execute(filled, "ALTER TABLE operation_runs ALTER created_at DROP NOT NULL")
    execute(filled, "UPDATE operation_runs SET created_at = NULL WHERE id < 40")
    execute(filled, "ANALYZE")
    for ask in turns(ops_on(filled), Page.RUNS).values():
        assert_walks(plan(filled, ask), "ix_runs_recent")


def test_a_filter_on_a_rare_value_walks_its_index(filled, ops_on):
    ops = ops_on(filled)
    for name, (value, index) in FILTERED.items():
        for ask in turns(ops, Page.RUNS, **{name: value}).values():
            assert_walks(plan(filled, ask), index)


COMMON = {
    "type": "inventory.sync",
    "tenant": 1,
    "workspace": 1,
    "initiator": "Ada",
    "status": "completed",
    "outcome": "succeeded",
    "since": NOW - timedelta(days=3),
    "until": NOW - timedelta(days=1),
    "search": "#77",
}
RARE = {
    "type": "rare.type",
    "tenant": 7,
    "workspace": 2,
    "initiator": "Rare",
    "status": "running",
    "outcome": "pending",
}
ABSENT = {"type": "no.type", "tenant": 99, "workspace": 99, "initiator": "Nobody", "status": "queued",
          "outcome": "blocked"}  # fmt: skip


USUAL = {("status", "completed"), ("outcome", "succeeded")}  # most runs are: the first that lie there are counted


def chosen():
    """Every filter alone, and every pair of a common value with a common, a rare and an absent one."""
    yield from ({name: value} for values in (COMMON, RARE, ABSENT) for name, value in values.items())
    yield from ({one: COMMON[one], other: COMMON[other]} for one, other in combinations(COMMON, 2))
    for values in (RARE, ABSENT):
        yield from ({one: COMMON[one], other: values[other]} for one, other in permutations(values, 2))


@pytest.mark.parametrize("page", INDEX)
def test_every_filter_and_every_pair_of_them_is_led_by_an_index(filled, ops_on, page):
    ops = ops_on(filled)
    for wanted in chosen():
        asked = [partial(ops.read_list, page, limit=5, **wanted)]
        if page is not Page.RUNS or wanted.items() - USUAL:
            asked.append(partial(ops.count, page, **wanted))
        for ask in asked:
            for steps in plans(filled, ask):
                assert_led(steps, (page, wanted))


@pytest.mark.parametrize("page", [Page.RUNS, Page.FAILURES])
def test_a_filter_on_a_common_value_walks_an_index_and_sorts_nothing(filled, ops_on, page):
    ops = ops_on(filled)
    for name, value in COMMON.items():
        if name not in ("search", "status", "outcome"):  # a number is looked up, and most runs have these states
            steps = plans(filled, partial(ops.read_list, page, limit=5, **{name: value}))[-1]
            assert_walks(steps, "ix_runs_")


def test_of_few_runs_that_a_filter_lets_through_those_alone_are_read(filled, ops_on):
    ops = ops_on(filled)
    for name, rare in (("tenant", 7), ("workspace", 2), ("initiator", "Rare"), ("type", "rare.type")):
        other = {"initiator": "Ada"} if name == "tenant" else {"tenant": 1}
        counts, few, page = plans(filled, partial(ops.runs, limit=5, **{name: rare}, **other))
        assert not re.search(r"\bSort\b|TEMP B-TREE", counts + few)
        own = FILTERED[name][1]  # which PostgreSQL may take as well, since it knows that they are few
        assert re.search(f"operation_runs_pkey|INTEGER PRIMARY KEY|{own}", page), page
        searched = plans(filled, partial(ops.runs, limit=5, search="sync", **{name: rare}))
        assert "hops" not in "".join(searched)  # nor is looked up what the words may stand for elsewhere


def test_what_a_search_stands_for_is_found_by_the_indexes_on_values(filled, ops_on):
    ops = ops_on(filled)
    for words in ("rare", "sync", "nothing like it"):
        glance, *others = plans(filled, partial(ops.runs, limit=5, search=words))
        assert {"ix_runs_recent"} == set(re.findall(r"ix_runs_\w+", glance)), glance
        values, *count = plans(filled, partial(ops.count, search=words))
        assert {"ix_runs_type", "ix_runs_initiator"} <= set(re.findall(r"ix_runs_\w+", values)), values
        for steps in [glance, values, *count, *others]:
            assert not re.search(r"Seq Scan on operation_runs|SCAN operation_runs(?! USING)", steps), steps


def test_where_no_index_leads_from_value_to_value_a_search_does_not_hop(filled, ops_on):
    execute(filled, "DROP INDEX ix_runs_initiator")
    for words in ("rare", "nothing like it"):
        assert "hops" not in "".join(plans(filled, partial(ops_on(filled).runs, limit=5, search=words)))


def test_every_count_is_led_by_its_index(filled, ops_on):
    ops = ops_on(filled)
    for page, index in INDEX.items():
        if page is not Page.RUNS:  # of everything, too, the first rows that lie there are counted, up to the cap
            steps = plan(filled, partial(ops.count, page))
            assert_led(steps, page)
            assert index in steps, steps


def assert_led(steps, about):
    """Hold a plan to an index: no reading of the whole table, and no sorting of more than an index picked out."""
    assert re.search("i?x_runs_|operation_runs_pkey|INTEGER PRIMARY KEY|One-Time Filter: false|CONSTANT", steps), (
        about,
        steps,
    )
    assert not re.search(r"Seq Scan on operation_runs|SCAN (operation_runs|lead)(?! USING)", steps), (about, steps)


def test_a_window_of_time_walks_its_index(filled, ops_on):
    ops = ops_on(filled)
    window = {"since": NOW - timedelta(days=3), "until": NOW - timedelta(days=1)}
    for page, index in INDEX.items():
        assert_walks(plan(filled, lambda page=page: ops.read_list(page, limit=5, **window)), index)


def test_the_unhandled_failures_walk_their_index_and_look_each_retry_up(filled, ops_on):
    ops = ops_on(filled)
    for ask in turns(ops, Page.FAILURES, unhandled=True).values():
        steps = plan(filled, ask)
        assert_walks(steps, "ix_runs_failed")
        assert len(re.findall("ix_runs_retry_of", steps)) == 3, steps  # their retries, those of these, and the marks
    hidden = plans(filled, lambda: ops.failures(limit=5, unhandled=True).hidden)[-1]
    assert_walks(hidden, "ix_runs_failed")


def test_retries_are_found_by_their_index(filled, ops_on):
    run = ops_on(filled).run(5)
    steps = plan(filled, run.lineage)
    assert re.search("ix_runs_retry_of|ux_runs_live_retry", steps), steps
    assert "Seq Scan on operation_runs" not in steps


def test_the_audit_of_an_operation_is_found_by_its_index(filled, ops_on):
    kind = "sqlite" if filled.is_sqlite else "postgresql"
    execute(
        filled,
        "INSERT INTO audit_logs (action, resource_type, resource_id, status, metadata, recorded_at)"
        f" {FILL[kind].format(rows=ROWS)} SELECT 'x', 'operation_run', i % 50, 'success', {PLAIN[kind]},"
        f" {CREATED[kind]} FROM n",
    )
    execute(filled, "ANALYZE")
    run = ops_on(filled).run(5)
    (steps,) = plans(filled, lambda: run.timeline(()), about="audit_logs")
    assert "ix_audit_resource" in steps, steps
    assert not re.search(r"\bSort\b|TEMP B-TREE|Seq Scan", steps), steps


def test_what_has_changed_on_a_page_is_found_by_its_index(filled, ops_on):
    ops = ops_on(filled)
    for page, index in INDEX.items():
        first = ops.read_list(page, limit=20)
        for shown in (first, ops.read_list(page, limit=20, after=first.next)):
            rows, new = plans(filled, lambda shown=shown: ops.update(shown))
            assert not re.search(r"Seq Scan on operation_runs|SCAN operation_runs", rows), rows
            assert index in new, new
            assert "Seq Scan on operation_runs" not in new, new


def test_what_is_usual_is_found_by_the_index_on_types(filled):
    norms = Norms(Settings())

    def ask():
        norms._known.clear()
        norms.at(filled, NOW)

    steps = plan(filled, ask)
    assert steps.count("ix_runs_type") >= 2, steps
    assert not re.search(r"Seq Scan on operation_runs|SCAN (operation_)?runs?\b(?! USING)|\bSort\b|TEMP", steps), steps


def assert_uses(steps, index):
    """Of a statement that reads all of its window: no more than that is read; it may well be sorted then."""
    assert re.search(index, steps), steps
    assert not re.search(r"Seq Scan on operation_runs|SCAN operation_runs(?! USING)", steps), steps


def test_failure_groups_and_a_page_of_one_use_their_indexes(filled, ops_on):
    ops, by_number = ops_on(filled), "operation_runs_pkey|INTEGER PRIMARY KEY"
    # The errors that are not known yet are read by number, and after that those of the examples alone.
    for ask, numbered in ((lambda: ops_on(filled), 2), (lambda: ops, 1)):
        keys, *texts = plans(filled, lambda ask=ask: ask().failure_groups(since="3d"))
        assert_uses(keys, "ix_runs_failed")
        assert len(texts) == numbered
        for text in texts:
            assert_uses(text, by_number)
    group = ops.failure_groups().groups[0].group
    keys, page = plans(filled, lambda: ops.failures(limit=5, group=group))
    assert_uses(keys, "ix_runs_failed")
    assert_uses(page, by_number)


def test_activity_uses_the_index_of_its_list_for_each_bar(filled, ops_on):
    ops = ops_on(filled)
    for page, index in INDEX.items():
        for every, since in (("hour", "6d"), ("day", "6d"), ("hour", "2h")):
            steps = plan(
                filled, lambda page=page, every=every, since=since: ops.activity(page, every=every, since=since)
            )
            assert_uses(steps, index)
            assert "AUTOMATIC" not in steps


def test_the_history_of_a_type_walks_its_index(filled, ops_on):
    run = ops_on(filled).run(ROWS - 500)
    assert run.type == "rare.type"
    steps = plan(filled, run.history)
    assert_uses(steps, "ix_runs_type")
    assert not re.search(r"\bSort\b|TEMP B-TREE", steps), steps


def test_sqlite_is_asked_in_one_level_only_where_an_index_has_the_order(sqlite, ops_on):
    add_people(sqlite)
    add_runs(sqlite, [{}, {}])
    for index, levels in ((True, 0), (False, 1)):
        if not index:
            execute(sqlite, "DROP INDEX ix_runs_recent")
            sqlite.__dict__.pop("has_order")
        ops = ops_on(sqlite)
        ops.runs()
        with recorded(sqlite) as statements:
            assert len(ops.runs().rows) == 2
        assert [statement.count("AS page") for statement in statements] == [levels]
