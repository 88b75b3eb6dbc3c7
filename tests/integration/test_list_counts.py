"""What a list counts: later than its rows, and along with each refresh."""

import asyncio

import pytest

from opsnb.links import Page
from opsnb.queries.pages import UNSEEN
from opsnb.queries.run_page import Count, Hidden
from opsnb.widgets.console import Console
from opsnb.widgets.words import hiding
from support.history import add_run, add_runs, execute

HANDLED = {"outcome": "failed", "context": {"triage": {"investigated": {"by": "Mona"}}}}
OPEN = {"outcome": "failed"}


def unhandled_list(ops):
    console = Console(ops, "failures")
    console.go("/system/ops/failures?unhandled=true")
    return console._parts[1]


def test_nothing_is_counted_before_the_rows_are_shown(ops, database) -> None:
    add_runs(database, [HANDLED, OPEN, OPEN])

    async def show() -> tuple:
        shown = unhandled_list(ops)
        first = len(shown.state["rows"]), shown.count, shown.hidden
        while not (shown.count and shown.hidden):
            await asyncio.sleep(0.01)
        return first, shown.count, shown.hidden

    first, *counted = asyncio.run(asyncio.wait_for(show(), 30))
    assert first == (2, "", "")
    assert counted == ["2", "1 handled one hidden"]


def test_a_refresh_counts_again_what_is_hidden(ops, database) -> None:
    add_runs(database, [HANDLED, OPEN])
    shown = unhandled_list(ops)
    add_run(database, **HANDLED)
    shown.again()()()
    assert (shown.count, shown.hidden) == ("1", "2 handled ones hidden")
    shown.show(Page.FAILURES, {})
    assert (shown.count, shown.hidden) == ("3", "")


def test_a_filter_that_cannot_be_kept_in_full_says_so(ops, database) -> None:
    assert unhandled_list(ops).state["note"] == ""
    for index in ("ix_runs_retry_of", "ux_runs_live_retry"):
        execute(database, f"DROP INDEX {index}")
    del database.finds_retries
    assert unhandled_list(ops).state["note"] == UNSEEN


@pytest.mark.parametrize(
    ("handled", "failures", "said"),
    [
        (0, 5, "nothing hidden"),
        (1, 5, "1 handled one hidden"),
        (1_200, 1_500, "1,200 handled ones hidden"),
        (27, 10_001, "27 handled ones of the newest 10,000 hidden"),
    ],
)
def test_what_is_hidden_is_said(handled: int, failures: int, said: str) -> None:
    assert hiding(Hidden(Count(handled, cap=10_000), Count(failures, cap=10_000))) == said
