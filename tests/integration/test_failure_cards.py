"""The cards above the failures: each says what its link leads to."""

from opsnb import links
from opsnb.links import Page
from opsnb.widgets.console import Console
from support.history import add_run, add_runs, before

TEXTS = ("timeout after 3 s", "timeout after 40 s", "disk full on node 7", "no route to \u202ehost")


def failures(**more: object) -> list[dict]:
    return [
        {"outcome": "failed", "created_at": before(hours=3 * n), "context": {"error": TEXTS[n % 4]}, **more}
        for n in range(40)
    ]


def cards_of(ops, address: str):
    console = Console(ops)
    console.go(address)
    return console._parts[1].panels[1]


def test_a_card_counts_what_its_link_leads_to(ops, database) -> None:
    add_runs(database, [*failures(), *failures(type="backup.run")])
    panel = cards_of(ops, "/system/ops/failures?since=4d&type=inventory.sync")
    cards = panel.state["cards"]
    assert [card["failures"] for card in cards] == [17, 8, 8]
    assert "\u202e" not in str(cards)
    for card in cards:
        route = links.read(card["address"])
        assert ops.count(route.page, **route.query) == card["failures"]
        assert (route.query["since"], route.query["type"]) == ("4d", "inventory.sync")
    assert (panel.state["found"], panel.state["failures"]) == (3, 33)


def test_a_count_is_told_only_where_all_of_its_span_was_looked_at(ops, database) -> None:
    add_runs(database, failures())
    spans = {"": ["in 1 h", "in 24 h", "in 7 d"], "?since=24h": ["in 1 h", "in 24 h"], "?until=2h": []}
    for asked, told in spans.items():
        card = cards_of(ops, f"/system/ops/failures{asked}").state["cards"][0]
        assert [count.partition(" ")[2] for count in card["counts"]] == told


def test_the_others_stay_beside_the_group_that_is_shown(ops, database) -> None:
    add_runs(database, failures())
    every = cards_of(ops, "/system/ops/failures").state["cards"]
    panel = cards_of(ops, every[1]["address"])
    assert [card["group"] for card in panel.state["cards"]] == [card["group"] for card in every]
    assert panel.active == every[1]["group"]
    assert panel.state["all"]["address"] == "/system/ops/failures"


def test_only_the_failures_have_groups(ops, database) -> None:
    add_runs(database, failures())
    panel = cards_of(ops, "/system/ops/runs")
    assert (panel.shown, panel.state) == (False, {})


def test_the_runs_of_its_type_stand_beside_an_operation(ops, database) -> None:
    spent = [
        {"created_at": before(hours=n), "started_at": before(hours=n), "completed_at": before(hours=n, minutes=-n)}
        for n in range(1, 9)
    ]
    older = add_runs(database, spent)[::-1]
    add_run(database, type="backup.run")
    failed = add_run(database, outcome="failed", created_at=before(minutes=9), started_at=before(minutes=8))
    add_run(database, created_at=before(minutes=1))
    console = Console(ops, "run", failed)
    bars = console._parts[2].history.state["bars"]
    assert [int(bar["key"]) for bar in bars] == [*older, failed]
    assert [bar["share"] for bar in bars] == [*(n / 8 for n in range(8, 0, -1)), 0]
    assert [bar["marked"] for bar in bars] == [False] * 8 + [True]
    assert (bars[-1]["kind"], bars[0]["ran"]) == ("failed", "8 min 00 s")
    assert links.read(bars[0]["address"]) == links.Route(Page.RUN, older[0])
