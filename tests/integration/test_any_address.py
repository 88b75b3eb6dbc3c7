"""Whatever an address holds, it gives a page or one sentence: no value reaches arithmetic or a database that cannot."""

import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opsnb.database import Database
from opsnb.errors import BadCursor, BadInput, RunNotFound
from opsnb.links import LISTS
from opsnb.ops import Ops
from opsnb.queries.filters import NAMES
from opsnb.widgets.console import Console
from opsnb.widgets.view import UNEXPECTED
from support.consoles import everything
from support.history import add_people, add_run, add_runs, add_tenant, execute

EDGES = [0, 1, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30, 10**400]
numbers = st.sampled_from(EDGES) | st.integers(min_value=0)
whole = st.builds("{}{}".format, st.sampled_from(["", "-", "+", "#", "Operation #", " ", "00"]), numbers)
zones = st.sampled_from(["", "Z", "+00:00", "+14:00", "-12:00", "+23:59", "-23:59", "+05:30", "-23:59:59.999999"])
days = st.sampled_from(
    ["0001-01-01", "0001-01-02", "0001-01-08", "0001-02-01", "1969-12-31", "2026-11-23", "9999-12-31"]
)
times = st.builds(
    "{}{}{}".format,
    days,
    st.sampled_from(["", "T00:00", "T12:30:45", "T23:59:59.999999", " 00:00:00"]),
    zones,
) | st.builds("{}{}".format, st.sampled_from([0, 1, 24, 36525, 999_999_999, 10**12]), st.sampled_from("smhdw"))
keys = st.tuples(
    st.one_of(
        st.none(), st.booleans(), st.floats(), st.integers(), numbers, times, st.text(max_size=20),
        st.lists(st.sampled_from(["00", "ff00", "zz"]), max_size=2),
        st.sampled_from(["infinity", "-infinity", "4713-01-01 00:00:00 BC", "999999-01-01 00:00:00"]),
    ),
    st.one_of(st.integers(), numbers, numbers.map(lambda number: -number), st.floats(), st.text(max_size=5)),
)  # fmt: skip
pages_of = st.builds(lambda key: urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("="), keys)
values = st.one_of(
    whole, times, pages_of, st.text(max_size=30), st.sampled_from(["-", "queued,running", "true", "failed"])
)
queries = st.dictionaries(st.sampled_from([*NAMES, "after", "before"]), values, max_size=4)


@pytest.fixture(scope="module")
def contents():
    def fill(database: Database) -> None:
        add_people(database)
        rows = [{"created_at": datetime(2026, 11, 23, hour, tzinfo=UTC)} for hour in range(1, 14)]
        numbers = add_runs(database, [*rows, {"outcome": "failed", "context": {"error": "disk full"}}])
        add_run(database, id=2**62, created_at=datetime(2026, 11, 23, 13, 30, tzinfo=UTC))
        execute(database, "UPDATE operation_runs SET tenant_id = :tenant WHERE id = :id",
                tenant=add_tenant(database, 1, "Contoso"), id=numbers[0])  # fmt: skip

    return fill


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing be logged that an operator would have to look at."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append
    log = logging.getLogger("opsnb")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
    assert [(record.getMessage(), record.exc_info) for record in records] == []


def shown_at(console: Console, address: str) -> str:
    with quiet():
        console.go(address)
    held = everything(console)
    assert UNEXPECTED not in held, address
    return held


STYLES = {
    "ahead": "strftime('%Y-%m-%dT%H:%M:%S+14:00', created_at, '+14 hours')",
    "behind": "strftime('%Y-%m-%d %H:%M:%S-12:00', created_at, '-12 hours')",
    "seconds": "CAST(strftime('%s', created_at) AS INTEGER)",
}


@pytest.fixture
def console(database: Database, ops_on) -> Console:
    return Console(ops_on(database))


@pytest.fixture(params=STYLES)
def styled(request, sqlite: Database, contents, ops_on) -> Console:
    """A console on a file whose times are written in another form."""
    contents(sqlite)
    execute(sqlite, f"UPDATE operation_runs SET created_at = {STYLES[request.param]}")
    sqlite.close()
    return Console(ops_on(sqlite))


def at(query: dict[str, str], page: str = "runs") -> str:
    return f"/system/ops/{page}?{urlencode(query)}"


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("runs", {"workspace": str(2**63)})
@example("runs", {"tenant": f"#{2**63}"})
@example("failures", {"until": "0001-01-02"})
@example("runs", {"until": "0001-01-01T00:00:00-12:00"})
@given(st.sampled_from([*LISTS]), queries)
def test_an_address_with_any_filters_gives_a_page_or_a_sentence(console, page, query):
    shown_at(console, at(query, page))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*LISTS]), st.sampled_from(["after", "before"]), pages_of)
def test_an_address_with_any_cursor_gives_a_page_or_a_sentence(console, page, side, cursor):
    shown_at(console, at({side: cursor}, page))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(whole | st.text(max_size=20))
def test_an_address_of_any_operation_gives_a_page_or_a_sentence(console, number):
    shown_at(console, f"/system/ops/runs/{number}")


CALLS = {
    "runs": Ops.runs, "count": Ops.count, "hidden": Ops.hidden, "failure_groups": Ops.failure_groups,
    "activity": Ops.activity, "by day": partial(Ops.activity, every="day"),
}  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*CALLS]), queries)
def test_filters_of_any_call_give_an_answer_or_a_sentence(console, call, query):
    with quiet(), suppress(BadInput, BadCursor):
        CALLS[call](console._ops, **(query if call == "runs" else drop(query, "after", "before")))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("0001-01-01")
@given(times)
def test_acts_since_any_time_give_an_answer_or_a_sentence(console, since):
    with quiet(), suppress(BadInput):
        console._ops.acts(since)
        console._ops.handover(since)


@pytest.mark.parametrize(
    "number",
    [2**63, -(2**63) - 1, 10**30, 10**5000, -(10**5000)],
    ids=lambda n: f"{n:.1e}" if abs(n) < 10**300 else "huge",
)
def test_a_number_that_no_operation_can_have_is_no_operation(console, number):
    with quiet(), pytest.raises((RunNotFound, BadInput)) as refused:
        console._ops.run(number)
    assert len(str(refused.value)) < 200


def drop(query: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in names}


def check_both_ends(console: Console) -> None:
    for query in ({"until": "0001-01-02"}, {"since": "9999-12-31"}, {"workspace": str(2**63)}):
        shown_at(console, at(query))
        assert console._parts.run_list.state["rows"] == []
    shown_at(console, at({"until": "9999-12-31T23:59:59-14:00"}))
    assert console._parts.run_list.state["error"].startswith("until must be a time such as")
    shown_at(console, at({"since": "0001-01-01", "until": "9999-12-31T23:59:59"}))
    assert len(console._parts.run_list.state["rows"]) == 15


def test_both_ends_of_time_show_what_lies_there(console):
    check_both_ends(console)


def test_both_ends_of_time_in_a_file_that_writes_times_otherwise(styled):
    check_both_ends(styled)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*LISTS]), st.dictionaries(st.sampled_from(["since", "until"]), times, min_size=1))
def test_an_address_with_any_times_in_a_file_that_writes_times_otherwise(styled, page, query):
    shown_at(styled, at(query, page))
