"""What each list holds, what each filter and search finds, and what that costs."""

import random
from datetime import timedelta
from functools import partial
from itertools import combinations, product

import pytest

from opsnb.catalog import Catalog
from opsnb.errors import BadInput
from opsnb.links import Page
from opsnb.models import Outcome, Status
from opsnb.queries import glance, values
from opsnb.settings import Settings
from opsnb.stuck import Classifier
from support.history import NOW, add_run, add_runs, add_tenant, add_workspace, before
from support.statements import recorded

pytestmark = pytest.mark.every_postgres

CATALOG = Catalog.from_settings(Settings())
TYPES = ["inventory.sync", "policies.backup", "tenants.provision", "etl_load.night"]
PEOPLE = ["Ada", "Bob O'Hara", "100%", "a_b", "back\\slash", 'quo"te', None]


@pytest.fixture
def history(database):
    """Fill `database` with 300 runs of every kind; give them as plain rows, newest first."""
    for workspace in (1, 2):
        add_workspace(database, f"Workspace {workspace}", id=workspace)
    for tenant in (1, 2, 3):
        add_tenant(database, 1 + tenant % 2, f"Tenant {tenant}", id=tenant)
    dice = random.Random(7)
    rows = []
    for number in range(1, 301):
        status = dice.choice(["queued", "running", "completed", "completed"])
        created = before(minutes=dice.randrange(300))
        rows.append({
            "id": number, "workspace_id": dice.choice([1, 2]), "tenant_id": dice.choice([1, 2, 3, None]),
            "initiator_name": dice.choice(PEOPLE), "type": dice.choice(TYPES), "status": status,
            "outcome": dice.choice([*Outcome]).value, "created_at": created,
            "started_at": None if status == "queued" else created + timedelta(minutes=dice.randrange(20)),
        })  # fmt: skip
    add_runs(database, rows)
    return sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)


def ids(rows):
    return [row["id"] for row in rows]


def found(page):
    return [row.id for row in page.rows]


def test_runs_are_all_runs_newest_first(ops, history):
    assert found(ops.runs(limit=500)) == ids(history)


def test_failures_are_completed_and_failed(ops, history):
    wanted = [row for row in history if (row["status"], row["outcome"]) == ("completed", "failed")]
    assert wanted
    assert found(ops.failures(limit=500)) == ids(wanted)


def test_stuck_are_what_the_classifier_calls_stuck_with_its_label(ops, history, make_timed):
    rule = Classifier.build(CATALOG, Settings())
    labels = {row["id"]: why.label for row in history if (why := rule.classify(make_timed(row), NOW))}
    assert 0 < len(labels) < len(history)
    assert {row.id: row.stuck_class for row in ops.stuck(limit=500).rows} == labels
    assert found(ops.stuck(limit=500)) == [number for number in ids(history) if number in labels]


@pytest.fixture
def make_timed():
    class Timed:
        def __init__(self, row):
            self.__dict__ |= row

    return Timed


def test_a_row_shows_its_columns_and_the_names_of_its_places(database, ops):
    workspace = add_workspace(database, "Aurora")
    tenant = add_tenant(database, workspace, "Contoso")
    times = {
        "created_at": before(hours=2),
        "started_at": before(hours=1),
        "completed_at": before(minutes=5, microseconds=7),
    }
    add_run(database, workspace_id=workspace, tenant_id=tenant, type="policies.backup", initiator_name="Ada", **times)
    (row,) = ops.runs().rows
    assert (row.workspace, row.tenant, row.label, row.initiator_name) == (
        "Aurora",
        "Contoso",
        "Back up policies",
        "Ada",
    )
    assert {name: getattr(row, name) for name in times} == times
    assert (row.status, row.outcome, row.error, row.stuck_class) == ("completed", "succeeded", None, None)


def test_a_run_of_the_platform_is_listed_without_a_tenant(database, ops):
    number = add_run(database, tenant_id=None)
    (row,) = ops.runs(tenant="-").rows
    assert (row.id, row.tenant_id, row.tenant) == (number, None, None)


def test_a_failure_shows_a_short_error(database, ops):
    contexts = [
        {"error": {"message": "disk full"}}, {"error": "plain"}, {"exception": {"message": "e"}}, {"message": "m"},
        {"error": {"code": 5}}, {"error": 5, "failure": "f"}, {"error": {"message": "x" * 5000}}, {}, {"error": "ü€😀"},
    ]  # fmt: skip
    for context in contexts:
        add_run(database, status="completed", outcome="failed", context=context, created_at=NOW)
    errors = [row.error for row in ops.failures().rows[::-1]]
    assert errors == ["disk full", "plain", "e", "m", None, "f", "x" * 300, None, "ü€😀"]
    assert errors == [ops.run(row.id).row.error for row in ops.failures().rows[::-1]]
    assert {row.error for row in ops.runs().rows} == {None}


FILTERS = {
    "workspace": [(2, lambda row: row["workspace_id"] == 2), ("Workspace 1", lambda row: row["workspace_id"] == 1)],
    "tenant": [
        (3, lambda row: row["tenant_id"] == 3),
        ("Tenant 1", lambda row: row["tenant_id"] == 1),
        ("-", lambda row: row["tenant_id"] is None),
    ],
    "type": [
        ("etl_load.night", lambda row: row["type"] == "etl_load.night"),
        (TYPES[:2], lambda row: row["type"] in TYPES[:2]),
    ],
    "initiator": [(name, lambda row, name=name: row["initiator_name"] == name) for name in PEOPLE if name],
    "status": [("queued,running", lambda row: row["status"] in ("queued", "running")),
               ("completed", lambda row: row["status"] == "completed")],
    "outcome": [(["failed", "blocked"], lambda row: row["outcome"] in ("failed", "blocked")),
                (Outcome.PARTIALLY_SUCCEEDED, lambda row: row["outcome"] == "partially_succeeded")],
    "since": [("2h", lambda row: row["created_at"] >= before(hours=2))],
    "until": [(before(hours=1), lambda row: row["created_at"] < before(hours=1))],
    "search": [("ETL", lambda row: "etl" in row["type"])],
}  # fmt: skip
ONE = [(name, *one) for name, values in FILTERS.items() for one in values]


@pytest.mark.parametrize("page", [Page.RUNS, Page.FAILURES, Page.STUCK])
@pytest.mark.parametrize("kind", FILTERS)
def test_every_filter_finds_what_plain_python_finds(ops, history, kind, page):
    held = {row.id for row in ops.read_list(page, limit=500).rows}
    for value, keeps in FILTERS[kind]:
        wanted = [row["id"] for row in history if row["id"] in held and keeps(row)]
        assert found(ops.read_list(page, limit=500, **{kind: value})) == wanted, value
        assert ops.count(page, **{kind: value}) == len(wanted)


def test_any_two_filters_together_find_what_plain_python_finds(ops, history):
    hits = 0
    for (one, value, keeps), (other, value_2, keeps_2) in combinations(ONE, 2):
        if one != other:
            wanted = [row["id"] for row in history if keeps(row) and keeps_2(row)]
            assert found(ops.runs(limit=500, **{one: value, other: value_2})) == wanted, (value, value_2)
            hits += bool(wanted)
    assert hits > 50


def test_all_filters_together_find_what_plain_python_finds(ops, history):
    hits = 0
    for chosen in product(*FILTERS.values()):
        wanted = [row["id"] for row in history if all(keeps(row) for _, keeps in chosen)]
        asked = {name: value for name, (value, _) in zip(FILTERS, chosen, strict=True)}
        assert found(ops.runs(limit=500, **asked)) == wanted, asked
        hits += bool(wanted)
    assert hits > 2


@pytest.mark.parametrize("text", ["12", 12, "#12", "Operation #12", "operation 12", " # 12 "])
def test_a_search_finds_an_operation_by_its_number(database, ops, text):
    add_runs(database, [{"id": 12, "initiator_name": None, "type": "x"}, {"id": 120}, {"id": 3}])
    assert found(ops.runs(search=text)) == [12]


def test_a_bare_number_also_finds_names_that_hold_it(database, ops):
    add_runs(database, [{"id": 12, "created_at": NOW}, {"id": 3, "initiator_name": "bot-12"}, {"id": 4}])
    assert found(ops.runs(search="12")) == [12, 3]
    assert found(ops.runs(search="#12")) == [12]


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("ada", {"initiator_name": "ADA Lovelace"}),
        ("O'Hara", {"initiator_name": "Bob O'Hara"}),
        ("100%", {"initiator_name": "is 100% sure"}),
        ("a_b", {"initiator_name": "a_b"}),
        ("k\\s", {"initiator_name": "back\\slash"}),
        ('"', {"initiator_name": 'quo"te'}),
        ("--;", {"initiator_name": "x'); --;"}),
        ("SYNC.d", {"type": "etl.sync.daily"}),
        ("device inv", {"type": "inventory.sync"}),
        ("toso", {"tenant_id": 5}),
        ("Ünïcode", {"initiator_name": "Ünïcode"}),
        ("😀", {"initiator_name": "😀"}),
        ("99999999999999999999", {"initiator_name": "n99999999999999999999"}),
    ],
)
def test_a_search_finds_names_types_labels_and_tenants_literally(database, ops, text, hit):
    add_tenant(database, add_workspace(database, "Aurora", id=1), "Contoso", id=5)
    near = ["100 sure", "axb", "back slash", "x"]
    number = add_run(database, **({"type": "other", "initiator_name": None} | hit))
    add_runs(database, [{"initiator_name": name, "type": "another"} for name in near])
    assert found(ops.runs(search=text)) == [number]


@pytest.mark.parametrize("looked_at", [2, 20])
@pytest.mark.parametrize("page", [Page.RUNS, Page.STUCK])
def test_a_search_leads_through_all_that_it_hits_however_few_are_looked_at_first(
    ops, history, monkeypatch, looked_at, page
):
    monkeypatch.setattr(glance, "NEWEST", looked_at)
    held = {row.id for row in ops.read_list(page, limit=500).rows}
    for words, keeps in (
        ("etl", lambda row: "etl" in row["type"]),
        ("A", lambda row: "a" in f"{row['type']} {row['initiator_name'] or ''} {'Tenant' if row['tenant_id'] else ''}"),
        (PEOPLE[0], lambda row: row["initiator_name"] == PEOPLE[0]),
        ("3", lambda row: row["id"] == 3 or row["tenant_id"] == 3),
        ("nothing like it", lambda row: False),
    ):
        for filters, also in (({}, lambda row: True), ({"workspace": 1}, lambda row: row["workspace_id"] == 1)):
            wanted = [row["id"] for row in history if row["id"] in held and keeps(row) and also(row)]
            ask = partial(ops.read_list, page, limit=3, search=words, **filters)
            pages = [ask()]
            while pages[-1].next:
                pages.append(ask(after=pages[-1].next))
            assert [number for one in pages for number in found(one)] == wanted, words
            back = ask(before=pages[-1].previous) if pages[-1].previous else pages[-1]
            assert found(back) == found(pages[max(0, len(pages) - 2)])


def test_a_name_that_is_new_is_found_at_once_in_a_new_operation_and_soon_in_an_old_one(
    database, ops, history, monkeypatch
):
    monkeypatch.setattr(glance, "NEWEST", 2)
    assert found(ops.runs(search="zoe")) == []
    new = add_run(database, initiator_name="Zoe", created_at=NOW)
    assert found(ops.runs(search="zoe")) == [new]
    old = add_run(database, initiator_name="Zora", type="x", created_at=before(days=1))
    assert ops.count(search="zora") == 1
    monkeypatch.setattr(values, "SECONDS", 0)
    assert found(ops.runs(search="zora")) == [old]


@pytest.mark.parametrize(
    ("name", "value"),
    [("workspace", "Workspace 9"), ("tenant", "Tenent 1"), ("tenant", True), ("status", "done"), ("outcome", "fail"),
     ("since", "soon"), ("until", "14 o'clock"), ("search", "x" * 501), ("initiator", "a\x00"), ("colour", "red")],
)  # fmt: skip
def test_a_filter_that_cannot_be_used_is_refused_by_name(ops, history, name, value):
    with pytest.raises(BadInput, match=rf"\b{name}\b"):
        ops.runs(**{name: value})


def test_a_place_that_does_not_exist_gets_a_hint_and_one_without_runs_none(database, ops, history):
    with pytest.raises(BadInput, match=r"There is no tenant named 'Tenent 1'\. Did you mean 'Tenant 1'\?"):
        ops.runs(tenant="Tenent 1")
    add_tenant(database, 1, "Fresh")
    assert ops.runs(tenant="Fresh").rows == []


@pytest.mark.parametrize("page", [Page.RUNS, Page.FAILURES, Page.STUCK])
def test_a_page_is_one_statement_whatever_its_rows(database, ops, history, page):
    ops.read_list(page, limit=1)  # from here on it is known who asks, and which indexes there are
    ops.read_list(page, limit=1, search="a")
    for limit in (1, 50, 500):
        with recorded(database) as statements:
            listed = ops.read_list(page, limit=limit, type=TYPES, search="a")
        assert len(listed.rows) <= limit
        assert len([one for one in statements if "completed_at" in one]) == 1  # others ask what the filters lead to
        assert len(statements) <= 5
        assert "operation_runs.context" not in statements[-1]
    with recorded(database) as statements:
        ops.read_list(page, limit=50)
    assert len(statements) == 1
    with recorded(database) as statements:
        assert ops.read_list(page, limit=5, after=ops.read_list(page, limit=5).next).rows
    assert len(statements) == 2


def test_the_detail_is_one_statement_and_one_more_for_each_of_its_parts(database, ops):
    first = add_run(database)
    second = add_run(database, context={"triage": {"retry_of_run_id": first}})
    third = add_run(database, context={"triage": {"retry_of_run_id": second}})
    assert ops.actor
    assert database.finds_retries  # asked once
    with recorded(database) as statements:
        run = ops.run(third)
    assert len(statements) == 1
    with recorded(database) as statements:
        lineage = run.lineage()
    assert [(r.id, r.generation) for r in lineage] == [(first, -2), (second, -1), (third, 0)]
    assert len(statements) == 3
    with recorded(database) as statements:
        events = run.timeline(lineage)
    assert len(statements) == 1
    assert events == run.timeline()
    assert [event.run_id for event in events if event.kind == "lineage"] == [first, second]


def test_the_lineage_tells_retries_up_and_down_and_ends_where_hostile_data_runs_in_a_circle(database, ops):
    parent = add_run(database)
    child = add_run(database, context={"triage": {"retry_of_run_id": parent}})
    assert [(r.id, r.retry_of, r.generation) for r in ops.run(parent).lineage()] == [
        (parent, None, 0), (child, parent, 1)
    ]  # fmt: skip
    circle = add_runs(database, [{"id": 1001, "context": {"triage": {"retry_of_run_id": 1002}}},
                                 {"id": 1002, "context": {"triage": {"retry_of_run_id": 1001}}}])  # fmt: skip
    assert [r.id for r in ops.run(1001).lineage()] == circle
    for odd in ("x", [], {}, 1.5, -1, 10**30, "9" * 20, "1; drop"):
        number = add_run(database, context={"triage": {"retry_of_run_id": odd}})
        assert [r.id for r in ops.run(number).lineage()] == [number]
    for odd in (5, "text", [1], None):
        number = add_run(database, context={"triage": odd})
        assert ops.run(number).retry_of is None


def test_a_count_is_lazy_and_exact_up_to_its_cap(database, ops_on, ops):
    add_runs(database, [{}] * 12)
    page = ops.runs(limit=5)
    with recorded(database) as statements:
        assert (page.count, page.count.capped, str(page.count)) == (12, False, "12")
        assert page.count == 12
    assert len(statements) == 1
    database.settings = Settings(count_cap=11)
    capped = ops_on(database).runs(limit=5).count
    assert (capped, capped.capped, str(capped)) == (11, True, "11+")
    database.settings = Settings(count_cap=12)
    exact = ops_on(database).runs(limit=5).count
    assert (exact, exact.capped) == (12, False)
    assert repr(ops.runs(limit=5)) == "Operations: 5 of 12, as of 2026-11-23 14:00:00 UTC"


def test_a_frame_is_alike_when_empty_and_its_times_are_utc(database, ops):
    empty = ops.failures().to_frame()
    number = add_run(database, outcome="failed", created_at=before(hours=1, microseconds=3), completed_at=NOW)
    full = ops.failures().to_frame()
    assert [*full.dtypes.items()] == [*empty.dtypes.items()]
    assert len(empty) == 0
    assert full.loc[0, "id"] == number
    assert full.loc[0, "created_at"].to_pydatetime() == before(hours=1, microseconds=3)
    assert str(full["created_at"].dt.tz) == "UTC"
    assert full["started_at"].isna().all()


def test_choices_are_what_there_is(database, ops, history):
    add_run(database, type="50%_off", initiator_name=None)
    assert [c.value for c in ops.choices("workspace")] == ["#1", "#2"]
    assert [(c.value, c.label, c.note) for c in ops.choices("tenant", "TENANT 2")] == [
        ("#2", "Tenant 2", "Workspace 1")
    ]
    assert {c.value for c in ops.choices("initiator")} == {name for name in PEOPLE if name}
    assert [c.value for c in ops.choices("initiator", "0%")] == ["100%"]
    assert [c.value for c in ops.choices("initiator", "_")] == ["a_b"]
    assert {c.value for c in ops.choices("type")} == {*TYPES, "50%_off"}
    assert [c.label for c in ops.choices("type", "inventory")] == ["Sync device inventory"]
    with pytest.raises(BadInput, match="no choices for the filter 'search'"):
        ops.choices("search")
    assert ops.label("tenant", 3) == "Tenant 3"
    with pytest.raises(BadInput, match="no tenant with the number 99"):
        ops.label("tenant", 99)


@pytest.mark.parametrize("status", Status)
def test_every_status_can_be_asked_for(ops, history, status):
    assert {row.status for row in ops.runs(status=status, limit=500).rows} == {status}
