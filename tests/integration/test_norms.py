"""What is usual for a type of operation, how a run beyond it is called stuck, and what asking costs."""

import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from opsnb.links import Page
from opsnb.queries.norms import NEWEST, SECONDS, THREAD, Norms
from opsnb.settings import Settings
from support.history import NOW, add_run, add_runs, before, execute
from support.statements import recorded

MINUTE = timedelta(minutes=1)


def done(minutes, *, ago=60, type_="policies.compare", outcome="succeeded", **fields):
    """Give a run that took some minutes, created some minutes ago."""
    created = before(minutes=ago + minutes)
    times = {"created_at": created, "started_at": created, "completed_at": created + minutes * MINUTE}
    return {"type": type_, "outcome": outcome, **times, **fields}


def running(minutes, type_="policies.compare"):
    return {"type": type_, "status": "running", "created_at": before(minutes=minutes + 1),
            "started_at": before(minutes=minutes)}  # fmt: skip


def norms(database, **wanted):
    return {norm.type: norm for norm in Norms(Settings(**wanted)).at(database, NOW)}


def test_a_run_beyond_what_is_usual_is_stuck_and_says_so(database, ops):
    add_runs(database, [done(minutes=1 + number % 20 / 10) for number in range(40)])
    short, long, over = add_runs(database, [running(5), running(29), running(31)])
    labels = {row.id: row.stuck_class for row in ops.stuck().rows}
    assert labels == {
        long: "Running 29 min 00 s, usually under 3 min",
        over: "Running 31 min 00 s, limit 30 min",
    }
    assert ops.count(Page.STUCK) == 2
    for number, label in labels.items():
        run = ops.run(number)
        assert run.stuck.label == run.stuck_class == label
    assert ops.run(long).stuck.sentence == "Running 29 min 00 s; 95 % of 40 recent runs took under 3 min"
    assert ops.run(short).stuck is None


@pytest.mark.parametrize(
    ("wanted", "usual"),
    [({}, True), ({"norm_factor": 0}, False), ({"norm_sample": 31}, False), ({"norm_sample": 30}, True)],
)
def test_a_small_sample_and_the_setting_turn_it_off(database, wanted, usual):
    add_runs(database, [done(minutes=3) for _ in range(30)])
    assert bool(norms(database, **wanted)) is usual


@pytest.mark.parametrize(
    ("wanted", "limit"),
    [({}, 6), ({"norm_factor": 5}, 15), ({"norm_floor": 10 * MINUTE}, 10), ({"norm_floor": MINUTE}, 6)],
)
def test_the_settings_say_factor_and_floor(database, wanted, limit):
    add_runs(database, [done(minutes=3) for _ in range(30)])
    assert norms(database, **wanted)["policies.compare"].limit == limit * MINUTE


def test_only_recent_successes_whose_clocks_agree_count(database):
    kept = [done(minutes=3) for _ in range(20)]
    left_out = [
        done(minutes=500, outcome="failed"),
        done(minutes=500, outcome="partially_succeeded"),
        done(minutes=500, ago=60 * 24 * 31),
        done(minutes=-400, ago=600),
        done(minutes=500, started_at=None),
        done(minutes=500, completed_at=None),
        done(minutes=500, completed_at=NOW + MINUTE),
        done(minutes=500, started_at=before(days=3)),
        done(minutes=500, status="running", outcome="pending"),
    ]
    add_runs(database, [*kept, *left_out])
    (norm,) = norms(database).values()
    assert (norm.sample, norm.usual) == (20, 3 * MINUTE)


def test_each_type_has_its_own_norm_however_rare_it_is(database):
    rare = [done(minutes=90, ago=3000 + n, type_="archive.purge") for n in range(25)]
    add_runs(database, [*rare, *(done(minutes=2, ago=n) for n in range(2 * NEWEST))])
    found = norms(database)
    assert {type_: (norm.usual, norm.sample) for type_, norm in found.items()} == {
        "archive.purge": (90 * MINUTE, 25),
        "policies.compare": (2 * MINUTE, NEWEST),
    }


def test_the_figure_is_the_one_that_numpy_gives(database):
    @hypothesis(max_examples=25, phases=(Phase.generate,))
    @given(st.lists(st.integers(0, 500), min_size=20, max_size=60))
    def agree(minutes):
        execute(database, "DELETE FROM operation_runs")
        add_runs(database, [done(minutes=number) for number in minutes])
        (norm,) = norms(database).values()
        assert norm.usual == np.quantile(minutes, 0.95, method="inverted_cdf") * MINUTE

    agree()


def test_it_is_asked_once_for_lists_and_details_and_not_where_nothing_runs(database, ops, monkeypatch):
    add_runs(database, [done(minutes=3) for _ in range(30)])
    (number,) = add_runs(database, [running(20)])
    finished = add_run(database)
    ops.runs(), ops.run(finished)
    with recorded(database) as before_any:
        ops.run(finished), ops.runs(), ops.failures()
    with recorded(database) as first:
        ops.stuck()
    with recorded(database) as later:
        ops.stuck(), ops.run(number), ops.stuck()
    assert [sum("kinds" in statement for statement in some) for some in (before_any, first, later)] == [0, 1, 0]
    late = time.monotonic() + SECONDS + 1
    monkeypatch.setattr("opsnb.queries.norms.time.monotonic", lambda: late)
    with recorded(database) as anew:
        ops.stuck()
        settle()
    assert sum("kinds" in statement for statement in anew) == 1


def settle():
    """Wait for what is asked beside the pages."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(30)


def test_no_page_waits_while_it_is_asked_anew(database, ops, monkeypatch):
    add_runs(database, [done(minutes=3) for _ in range(30)])
    add_runs(database, [running(20)])
    known = [row.stuck_class for row in ops.stuck().rows]
    add_runs(database, [done(minutes=9, ago=1) for _ in range(30)])
    answer, ask = threading.Event(), Norms._ask
    monkeypatch.setattr(Norms, "_ask", lambda *asked: (answer.wait(30), ask(*asked))[1])
    late = time.monotonic() + SECONDS + 1
    monkeypatch.setattr("opsnb.queries.norms.time.monotonic", lambda: late)
    assert [row.stuck_class for row in ops.stuck().rows] == known == ["Running 20 min 00 s, usually under 4 min"]
    answer.set()
    settle()
    assert [row.stuck_class for row in ops.stuck().rows] == ["Running 20 min 00 s, usually under 10 min"]


def test_without_an_index_on_types_only_the_limits_hold(database, ops):
    add_runs(database, [done(minutes=3) for _ in range(30)])
    add_runs(database, [running(20)])
    execute(database, "DROP INDEX ix_runs_type")
    assert [row.stuck_class for row in ops.stuck().rows] == []
    assert norms(database) == {}


def test_a_type_of_any_name_has_a_norm(database):
    names = ["", "a' OR 1=1 --", "ü€😀", "zz", " "]
    add_runs(database, [done(minutes=3, type_=name) for name in names for _ in range(20)])
    assert set(norms(database)) == set(names)


def test_where_it_cannot_be_read_only_the_limits_hold(database, caplog):
    execute(database, "ALTER TABLE operation_runs RENAME COLUMN completed_at TO ended_at")
    assert Norms(Settings()).at(database, NOW) == ()
    assert "what is usual is not known" in caplog.text


def test_no_run_no_norm(database):
    assert norms(database) == {}
