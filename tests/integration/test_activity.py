"""Runs by hour or day, and the last runs of a type; every figure is the one that pandas finds."""

from datetime import timedelta

import pandas as pd
import pytest

from opsnb.errors import AccessDenied, BadInput, RunNotFound
from opsnb.queries.activity import Bucket
from support.history import NOW, OUTSIDER, add_run, add_runs, before
from support.statements import recorded

LISTS = ["runs", "failures", "stuck"]
KINDS = Bucket._fields[1:]


def listed(read, **wanted):
    """All of a list as a frame, read page by page."""
    page = read(limit=500, **wanted)
    frames = [page.to_frame()]
    while page.next:
        page = read(limit=500, after=page.next, **wanted)
        frames.append(page.to_frame())
    return pd.concat(frames)


def by_pandas(frame, every):
    live = frame["status"].isin(["queued", "running"])
    known = frame["outcome"].isin(KINDS) & frame["status"].eq("completed")
    kind = frame["status"].where(live, frame["outcome"].where(known, "other"))
    start = frame["created_at"].dt.floor("h" if every == "hour" else "D")
    table = pd.crosstab(start, kind)
    return {when.to_pydatetime(): dict(row[row > 0]) for when, row in table.iterrows()}


def found(activity):
    named = (
        {name: count for name, count in b._asdict().items() if name != "start" and count} for b in activity.buckets
    )
    return {b.start: counts for b, counts in zip(activity.buckets, named, strict=True) if counts}


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize("every", ["hour", "day"])
def test_every_bar_of_a_real_history_is_the_one_that_pandas_finds(ci, page, every):
    add_runs(
        ci.database,
        [{"status": s, "created_at": ci.now() - timedelta(hours=7), "workspace_id": 1} for s in ("queued", "running")],
    )
    since = ci.now() - timedelta(days=9, minutes=17)
    for more in (
        {},
        {"until": ci.now() - timedelta(hours=30, seconds=5)},
        {"type": "tidy"},
        {"outcome": "failed,succeeded"},
    ):
        activity = ci.activity(page, every=every, since=since, **more)
        frame = listed(getattr(ci, page), since=since, **{"until": activity.until, **more})
        assert found(activity) == by_pandas(frame, every)
        step = timedelta(hours=1) if every == "hour" else timedelta(days=1)
        starts = [bucket.start for bucket in activity.buckets]
        assert starts == [starts[0] + step * number for number in range(len(starts))]
        assert starts[0] <= since < starts[0] + step
        assert starts[-1] < activity.until <= starts[-1] + step


def test_a_run_of_any_status_and_outcome_is_in_one_bar(ops, database):
    states = [("completed", "succeeded"), ("completed", "partially_succeeded"), ("completed", "blocked"),
              ("completed", "failed"), ("running", "pending"), ("queued", "failed"), ("completed", "pending"),
              ("paused", "succeeded"), ("completed", "odd")]  # fmt: skip
    add_runs(database, [{"status": s, "outcome": o, "created_at": before(minutes=61)} for s, o in states])
    add_runs(database, [{"created_at": when} for when in (NOW, before(hours=24), before(hours=24, microseconds=1))])
    activity = ops.activity()
    assert (activity.every, len(activity.buckets)) == ("hour", 25)
    assert activity.buckets[0] == Bucket(before(hours=24), succeeded=1)
    assert activity.buckets[22] == Bucket(before(hours=2), 1, 1, 1, 1, 1, 1, 3)
    assert activity.buckets[23] == Bucket(before(hours=1))
    assert activity.buckets[24] == Bucket(NOW, succeeded=1)
    assert activity.buckets[22].total == 9
    assert repr(activity) == (
        "Operations by hour: 11 from 2026-11-22 14:00:00 UTC to 2026-11-23 15:00:00 UTC, as of 2026-11-23 14:00:00 UTC"
    )
    assert "Partially succeeded" in activity._repr_html_()


def test_activity_is_one_statement_whatever_its_window(ops, database):
    ops.runs()
    for since in ("1h", "30d"):
        with recorded(database) as statements:
            ops.activity("failures", since=since)
        assert len(statements) == 1


def test_activity_chooses_hours_or_days_and_bounds_them(ops):
    assert [ops.activity(since=since).every for since in ("3d", "4d")] == ["hour", "day"]
    assert len(ops.activity(every="day").buckets) == 31
    with pytest.raises(BadInput, match="span 481 hours, and at most 400 are counted; give every='day' or a shorter"):
        ops.activity(every="hour", since="20d")
    with pytest.raises(BadInput, match="at most 400"):
        ops.activity(since="0001-01-01")
    with pytest.raises(BadInput, match="every must be hour or day, not 'week'"):
        ops.activity(every="week")
    with pytest.raises(BadInput, match="There is no list 'run'"):
        ops.activity("run")


def test_activity_has_one_form_and_asks_for_access(ops, ops_on, database):
    empty = ops.activity(type="none").to_frame()
    assert str(empty.dtypes["start"]) == "datetime64[us, UTC]"
    assert {str(kind) for kind in empty.dtypes.drop("start")} == {"Int64"}
    assert empty.drop(columns="start").to_numpy().sum() == 0
    with pytest.raises(AccessDenied):
        ops_on(database, OUTSIDER).activity()


def test_the_last_runs_of_a_type_are_those_that_pandas_finds(ci):
    frame = listed(ci.runs)
    for number in frame["id"].sample(20, random_state=7):
        row = frame[frame["id"] == number].iloc[0]
        same = frame[frame["type"] == row["type"]].sort_values(["created_at", "id"])
        past = same[
            (same["created_at"] < row["created_at"])
            | ((same["created_at"] == row["created_at"]) & (same["id"] <= number))
        ]
        history = ci.type_history(int(number), limit=15)
        shown = history.to_frame()
        assert shown["id"].tolist() == past["id"].tail(15).tolist()
        assert shown["this"].tolist() == [False] * (len(shown) - 1) + [True]
        assert shown["outcome"].tolist() == past["outcome"].tail(15).tolist()
        lasted = (past["completed_at"] - past["started_at"]).tail(15).tolist()
        assert shown["ran_for"].tolist() == lasted
        assert [run.id for run in ci.run(int(number)).history().runs] == past["id"].tail(60).tolist()


def test_the_history_of_a_live_run_counts_until_now_and_is_of_one_form(ops, database):
    number = add_run(database, status="running", created_at=before(minutes=5), started_at=before(minutes=3))
    (run,) = ops.type_history(number).runs
    assert (run.queued_for, run.ran_for, run.this) == (timedelta(minutes=2), timedelta(minutes=3), True)
    frame = ops.type_history(number).to_frame()
    assert [str(kind) for kind in frame.dtypes] == [
        "Int64", "string", "string", "datetime64[us, UTC]", "timedelta64[us]", "timedelta64[us]", "boolean"
    ]  # fmt: skip
    with pytest.raises(RunNotFound):
        ops.type_history(number + 1)
    with pytest.raises(BadInput, match="limit"):
        ops.type_history(number, limit=0)
