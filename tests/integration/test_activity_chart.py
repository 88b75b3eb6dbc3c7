"""The chart above a list: each bar says what its link leads to."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb import links
from opsnb.links import Links, Page
from opsnb.queries.filters import Filters
from opsnb.widgets.activity_chart import ActivityChart, window
from opsnb.widgets.console import Console
from support.history import NOW, add_runs, before, execute

OUTCOMES = ("succeeded", "succeeded", "failed", "blocked", "partially_succeeded", "of the future")


def history() -> list[dict]:
    runs = [
        {"created_at": before(minutes=37 * number), "outcome": OUTCOMES[number % 6], "type": f"type.{number % 2}"}
        for number in range(240)
    ]
    live = [{"created_at": before(minutes=m), "status": s} for m in (3, 500, 9000) for s in ("queued", "running")]
    return runs + live


def chart_of(ops, page: Page, asked: dict[str, str]) -> dict:
    chart = ActivityChart(ops, Links(), print)
    chart.show(page, asked, anew=True)
    return chart.state


@pytest.mark.parametrize(
    ("page", "asked", "bars"),
    [
        (Page.RUNS, {}, 24),
        (Page.RUNS, {"since": "7d"}, 8),
        (Page.RUNS, {"since": "1h", "type": "type.1"}, 24),
        (Page.RUNS, {"outcome": "failed", "since": "2026-11-20T10:30:00Z", "until": "2026-11-20T11:00:00Z"}, 24),
        (Page.RUNS, {"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}, 24),
        (Page.RUNS, {"since": "4000d"}, 367),
        (Page.FAILURES, {"unhandled": "true"}, 24),
    ],
)
def test_a_bar_counts_what_its_link_leads_to(ops, database, page: Page, asked: dict, bars: int) -> None:
    add_runs(database, history())
    shown = chart_of(ops, page, asked)
    assert len(shown["bars"]) in (bars, bars + 1)
    assert shown["total"] == sum(sum(bar["counts"].values()) for bar in shown["bars"])
    for bar in shown["bars"][-26:]:
        route = links.read(bar["address"])
        if "since" in route.query:
            assert ops.count(route.page, **route.query) == sum(bar["counts"].values())


def test_beside_the_failures_stand_all_others(ops, database) -> None:
    add_runs(database, history())
    shown = chart_of(ops, Page.FAILURES, {})
    for bar in shown["bars"]:
        assert ops.count(Page.FAILURES, **links.read(bar["address"]).query) == bar["counts"].get("failed", 0)
    assert {kind["name"] for kind in shown["kinds"]} > {"failed", "succeeded"}
    assert shown["name"] == "All operations by hour"


def test_the_bar_that_was_chosen_is_marked_and_leads_back(ops, database) -> None:
    add_runs(database, history())
    chosen = chart_of(ops, Page.RUNS, {"tenant": "-"})["bars"][5]
    asked = {**links.read(chosen["address"]).query}
    shown = chart_of(ops, Page.RUNS, asked)
    assert [bar["start"] for bar in shown["bars"] if bar["marked"]] == [chosen["start"]]
    assert len(shown["bars"]) > 20
    (marked,) = (bar for bar in shown["bars"] if bar["marked"])
    assert links.read(marked["address"]).query == {"tenant": "-"}


MINUTES = st.integers(1, 60 * 24 * 800)


@given(MINUTES, st.one_of(st.none(), MINUTES))
def test_what_is_asked_for_lies_within_what_is_shown(age: int, length: int | None) -> None:
    since = NOW - timedelta(minutes=age)
    until = since + timedelta(minutes=length) if length else None
    first, last = window(Filters(since=since, until=until), NOW)
    end = until or NOW
    assert first <= max(since, end - timedelta(days=366))
    assert (last or NOW) >= min(end, NOW)
    assert timedelta(hours=6) < (last or NOW) - first <= timedelta(days=366)


def test_what_cannot_be_read_is_said_and_what_was_shown_stays(ops, database) -> None:
    add_runs(database, history())
    chart = ActivityChart(ops, Links(), print)
    chart.show(Page.RUNS, {}, anew=True)
    bars = chart.state["bars"]
    execute(database, "ALTER TABLE operation_runs RENAME TO elsewhere")
    chart.show(Page.RUNS, {}, anew=True)
    assert chart.state["bars"] == bars
    assert chart.state["error"]
    chart.show(Page.RUNS, {"type": "other"}, anew=True)
    assert "bars" not in chart.state


def test_who_turns_a_page_reads_no_chart_and_who_asks_again_does(ops, database, monkeypatch) -> None:
    add_runs(database, history())
    console = Console(ops)
    (run_list, chart) = console._parts[1], console._parts[1].panels[0]
    read: list[datetime] = []
    inner = chart._read
    monkeypatch.setattr(chart, "_read", lambda *asked: read.append(ops.now()) or inner(*asked))
    monkeypatch.setattr("opsnb.widgets.panel.SHARE", 1e9)
    console.go("/system/ops/runs")
    console.go(run_list.state["pager"]["older"])
    run_list.again()()()
    assert len(read) == 1
    console.go("/system/ops/runs?since=7d")
    assert len(read) == 2
