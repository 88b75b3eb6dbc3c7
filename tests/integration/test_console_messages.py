"""What a browser may send: requests that are checked, and nothing else. A page is no boundary: each attack is tried."""

import itertools
import json
from dataclasses import replace

import pytest

from opsnb import links
from opsnb.database import Database
from opsnb.ops import Ops
from opsnb.widgets.console import Console
from support.consoles import everything, send
from support.history import MANAGER, OUTSIDER, VIEWER, add_people, add_run, execute

REASON = "disk was full, cleaned"


@pytest.fixture
def runs(database: Database) -> dict[str, int]:
    add_people(database)
    return {
        "failed": add_run(database, outcome="failed"),
        "other": add_run(database, outcome="failed"),
        "running": add_run(database, status="running"),
        "succeeded": add_run(database),
    }


def rows_of(database: Database) -> tuple[list, list]:
    """Give every run and every success on record."""
    with database.change() as connection:
        found = connection.exec_driver_sql(
            "SELECT id, status, outcome, CAST(context AS TEXT) FROM operation_runs ORDER BY id"
        )
        done = connection.exec_driver_sql(
            "SELECT action, resource_id FROM audit_logs WHERE status = 'success' ORDER BY id"
        )
        return [tuple(row) for row in found], [tuple(row) for row in done]


def opened(ops: Ops, run_id: int) -> tuple[Console, object, object]:
    """Open an operation; give the console, its detail and its triage bar (None where there is none)."""
    console = Console(ops, "run", run_id)
    detail = console._parts[2]
    return console, detail, detail.bar


def test_nobody_without_manage_has_a_bar_at_all(database: Database, ops_on, runs) -> None:
    _, _, bar = opened(ops_on(database, VIEWER), runs["failed"])
    assert bar is None
    _, _, bar = opened(ops_on(database, MANAGER, read_only=True), runs["failed"])
    assert bar is None
    _, _, bar = opened(ops_on(database, MANAGER), runs["failed"])
    assert [item["act"] for item in bar.state["acts"]] == ["retry", "cancel", "mark_investigated"]


def test_a_viewer_changes_nothing_whatever_is_sent(database: Database, ops_on, runs) -> None:
    console, _, _ = opened(ops_on(database, VIEWER), runs["failed"])
    before = rows_of(database)
    for widget, kind, act in itertools.product(
        (*console._parts, console),
        ("ask", "confirm", "retry", "go", "custom"),
        ("retry", "cancel", "mark_investigated"),
    ):
        for name in ("failed", "running"):
            send(
                widget,
                type=kind,
                act=act,
                id=str(runs[name]),
                token="",
                reason=REASON,
                seen="",
                address=links.view(runs[name]),
            )
    assert rows_of(database) == before


def test_no_trait_can_be_set_from_a_browser(database: Database, ops_on, runs) -> None:
    console, detail, bar = opened(ops_on(database, MANAGER), runs["succeeded"])
    before = rows_of(database)
    for widget in (*console._parts, bar):
        kept = dict(widget.state), widget.shown
        widget.set_state({"state": {"acts": [], "ask": {"token": "x"}}, "shown": not widget.shown, "bar": None})
        assert (dict(widget.state), widget.shown) == kept
    send(bar, type="confirm", token="x", id=str(runs["succeeded"]), reason=REASON)
    assert rows_of(database) == before
    assert detail.bar is bar


@pytest.mark.parametrize("act", ["retry", "cancel", "mark_investigated"])
def test_a_confirm_without_its_question_does_nothing(database: Database, ops_on, runs, act: str) -> None:
    _, _, bar = opened(ops_on(database, MANAGER), runs["running"])
    before = rows_of(database)
    for token in ("", None, "guess", 0, True, [], {}):
        send(bar, type="confirm", act=act, id=str(runs["running"]), token=token, reason=REASON)
    assert rows_of(database) == before


def test_an_answer_counts_once(database: Database, ops_on, runs) -> None:
    _, _, bar = opened(ops_on(database, MANAGER), runs["running"])
    send(bar, type="ask", act="cancel", id=str(runs["running"]))
    answer = {"type": "confirm", "token": bar.state["ask"]["token"], "id": str(runs["running"])}
    send(bar, **answer)
    after = rows_of(database)
    assert after[1] == [("platform.system_console.cancel", runs["running"])]
    for _ in range(3):
        send(bar, **answer)
    assert rows_of(database) == after


def test_an_answer_for_another_operation_does_nothing(database: Database, ops_on, runs) -> None:
    console, _, bar = opened(ops_on(database, MANAGER), runs["running"])
    send(bar, type="ask", act="cancel", id=str(runs["running"]))
    token = bar.state["ask"]["token"]
    before = rows_of(database)
    send(bar, type="confirm", token=token, id=str(runs["failed"]))
    send(bar, type="ask", act="retry", id=str(runs["other"]))
    send(bar, type="ask", act="retry", id=runs["running"])
    assert rows_of(database) == before
    console.go(links.view(runs["failed"]))
    send(bar, type="confirm", token=token, id=str(runs["running"]))
    send(bar, type="confirm", token=token, id=str(runs["failed"]))
    assert rows_of(database) == before


def test_a_dismissed_question_takes_no_answer(database: Database, ops_on, runs) -> None:
    _, _, bar = opened(ops_on(database, MANAGER), runs["failed"])
    send(bar, type="ask", act="mark_investigated", id=str(runs["failed"]))
    token = bar.state["ask"]["token"]
    send(bar, type="dismiss", id=str(runs["failed"]))
    before = rows_of(database)
    send(bar, type="confirm", token=token, id=str(runs["failed"]), reason=REASON)
    assert rows_of(database) == before


def test_a_button_that_is_off_refuses_when_it_is_clicked_all_the_same(database: Database, ops_on, runs) -> None:
    _, _, bar = opened(ops_on(database, MANAGER), runs["succeeded"])
    before = rows_of(database)
    for act in ("retry", "cancel"):
        send(bar, type="ask", act=act, id=str(runs["succeeded"]), seen=bar.state["seen"])
        assert bar.state["said"]["bad"]
    assert rows_of(database) == before


def test_a_right_taken_away_takes_the_bar_away(database: Database, ops_on, runs) -> None:
    ops = ops_on(database, MANAGER)
    console, _, bar = opened(ops, runs["running"])
    send(bar, type="ask", act="cancel", id=str(runs["running"]))
    token = bar.state["ask"]["token"]
    execute(database, "UPDATE platform_users SET is_active = false WHERE email = :email", email=MANAGER)
    before = rows_of(database)
    send(bar, type="confirm", token=token, id=str(runs["running"]))
    assert rows_of(database) == before
    with database.change() as connection:
        last = connection.exec_driver_sql("SELECT status, actor_email FROM audit_logs ORDER BY id DESC LIMIT 1").one()
    assert tuple(last) == ("denied", MANAGER)
    ops._asked.clear()
    console.go(links.view(runs["running"]))
    assert console._parts is None


NONSENSE = [
    None,
    5,
    [],
    "x",
    {},
    {"type": None},
    {"type": []},
    {"type": "go"},
    {"type": "go", "address": 5},
    {"type": "go", "address": "//evil.example/system/ops/runs"},
    {"type": "choices", "name": "x"},
    {"type": "choices", "name": "tenant", "text": ["x"] * 1000},
    {"type": "ask", "act": []},
    {"type": "confirm", "token": {}},
    {"type": "copy", "id": 1},
]


@pytest.mark.parametrize("message", NONSENSE, ids=range(len(NONSENSE)))
def test_no_message_breaks_the_kernel(database: Database, ops_on, runs, message) -> None:
    console, _, bar = opened(ops_on(database, MANAGER), runs["failed"])
    before = rows_of(database)
    for widget in (*console._parts, bar):
        widget._handle_custom_msg(message, [])
    assert rows_of(database) == before


def test_the_widgets_of_somebody_without_view_hold_no_row(database: Database, ops_on, runs) -> None:
    execute(database, "UPDATE operation_runs SET initiator_name = 'Confidential'")
    for page in ("runs", "failures", "stuck", "runbooks"):
        console = Console(ops_on(database, OUTSIDER), page)
        assert console._parts is None
        assert "Confidential" not in everything(console)
        send(console._notice, type="retry")
        send(console._notice, type="go", address=links.view(runs["failed"]))
        assert console._parts is None
    assert "Confidential" in everything(Console(ops_on(database, VIEWER)))


def test_no_trait_holds_a_secret(database: Database, ops_on) -> None:
    add_people(database)
    number = add_run(database, outcome="failed", context={
        "api_token": "s3cr3t", "deep": [{"Password": "hunter2"}], "error": "no login with password=swordfish9 there"
    })  # fmt: skip
    ops = ops_on(database, MANAGER)
    console, detail, _ = opened(ops, number)
    console.go(links.page(links.Page.FAILURES))
    assert "no login with password=" in str(console._parts[1].state["rows"])
    sent = []
    detail.send = lambda content, *_: sent.append(content)
    send(detail, type="copy")
    for secret in ("s3cr3t", "hunter2", "swordfish9"):
        assert secret not in ops.evidence(number).html
        assert secret not in everything(console)
        assert secret not in json.dumps(sent)
    assert "••••••••" in json.loads(sent[0]["text"])["api_token"]


def test_only_a_place_of_ones_own_hands_out_evidence(database: Database, ops_on, runs) -> None:
    for who, read_only, handed in ((VIEWER, False, 1), (MANAGER, True, 0)):
        ops = ops_on(database, who, read_only=read_only)
        _, detail, _ = opened(ops, runs["failed"])
        sent: list[tuple] = []
        detail.send = lambda *answer, sent=sent: sent.append(answer)
        send(detail, type="evidence")
        assert [data for _, (data,) in sent] == [ops.evidence(runs["failed"]).data] * handed
        assert detail.state["freezes"] is bool(handed)


def test_evidence_asks_again_for_the_right_to_look(database: Database, ops_on, runs) -> None:
    ops = ops_on(database, VIEWER)
    _, detail, _ = opened(ops, runs["failed"])
    execute(database, "UPDATE platform_users SET is_active = false")
    ops._asked.clear()
    sent: list[tuple] = []
    detail.send = lambda *answer: sent.append(answer)
    send(detail, type="evidence")
    assert [(content["type"], *buffers) for content, *buffers in sent] == [("failed",)]


def test_the_first_page_waits_for_no_other_and_a_click_waits_for_none_either(ops_on, database: Database, runs) -> None:
    ops = ops_on(database, VIEWER)
    console = Console(ops, "failures")
    navigation, run_list = console.children
    send(run_list, type="drawn")
    assert console.children[:2] == (navigation, run_list)
    assert [part.shown for part in console.children] == [True, True, False, False]
    others = Console(ops, "run", runs["failed"])
    send(others.children[1], type="go", address=links.page(links.Page.RUNBOOKS))
    assert [part.shown for part in others.children] == [True, False, True]


def test_a_page_is_read_ahead_once_and_only_where_that_is_quick(database: Database, ops_on, runs, monkeypatch) -> None:
    ops = ops_on(database, VIEWER)
    ops.settings = replace(ops.settings, page_size=2)
    found = Console(ops, "runs")._parts.run_list
    sent: list[dict] = []
    monkeypatch.setattr(found, "send", lambda content, buffers=None: sent.append(content))
    for _ in range(3):
        send(found, type="ahead")
    (ahead,) = sent
    assert ahead["address"] == found.state["pager"]["older"]
    assert [row["id"] for row in ahead["rows"]] == [str(row.id) for row in ops.runs(after=found._found.next).rows]
    found.show(links.Page.RUNS, {})
    found._took = 1.0
    send(found, type="ahead")
    found.show(links.Page.RUNS, {"after": found._found.next})  # the last page, which no other follows
    send(found, type="ahead")
    assert len(sent) == 1


def test_an_operation_that_may_be_opened_is_read_ahead_and_nothing_is_changed_by_that(
    database: Database, ops_on, runs, monkeypatch
) -> None:
    console = Console(ops_on(database, MANAGER), "failures")
    found, detail = console._parts.run_list, console._parts.run_detail
    sent: list[dict] = []
    monkeypatch.setattr(detail, "send", lambda content, buffers=None: sent.append(content))
    for more in ({}, {"pressed": True}):
        send(found, type="foresee", id=str(runs["failed"]), **more)
    for other in (str(runs["running"]), runs["failed"], "x", None):  # none of the list's rows
        send(found, type="foresee", id=other, pressed=True)
    assert [ahead["state"]["id"] for ahead in sent] == [str(runs["failed"])] * 2
    assert (detail.state, detail.shown, found.shown) == ({}, False, True)
    console.go(links.view(runs["failed"]))
    assert sent[0]["state"] == {name: told for name, told in detail.state.items() if name != "read"}
    console.go(links.page(links.Page.FAILURES))
    found._took = 1.0
    send(found, type="foresee", id=str(runs["failed"]), pressed=True)
    found._took = 0.0
    execute(database, "DELETE FROM operation_runs WHERE id = :id", id=runs["other"])
    send(found, type="foresee", id=str(runs["other"]), pressed=True)  # what is not there is told when it is opened
    assert len(sent) == 2
