"""Every figure on screen is the one that pandas finds in the loaded history, whatever is filtered for.

OPSNB_CI_HISTORY names a whole tasks.json.gz of bitcoin-core-ci-stats; else it is the excerpt that is shipped.
"""

import json
import os
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from sqlalchemy import text

from opsnb.database import Database
from opsnb.load import find_map, load
from opsnb.models import as_utc
from opsnb.stuck import Norm
from opsnb.widgets.console import Console
from opsnb.widgets.words import span
from support.figures import SPANS, Figures, enliven
from support.history import add_people

HISTORY = os.environ.get("OPSNB_CI_HISTORY", "")
EXAMPLES = 30
CAP = 10_000


@pytest.fixture
def figures(database: Database, request: pytest.FixtureRequest) -> Figures:
    if HISTORY:
        add_people(database)
        load(database, Path(HISTORY), find_map("bitcoin-core-ci"))
    else:
        request.getfixturevalue("ci")
    now = as_utc(database.fetch(text("SELECT max(created_at) FROM operation_runs"))[0][0]) - timedelta(days=1)
    enliven(database, now)
    return Figures(database, now)


def some(figures: Figures, column: str, among: pd.Series | None = None) -> st.SearchStrategy[str]:
    runs = figures.runs if among is None else figures.runs[among]
    return st.sampled_from(sorted(runs[column].dropna().astype(int if column.endswith("_id") else str).unique())).map(
        str
    )


def times(figures: Figures) -> st.SearchStrategy[str]:
    """Moments in which something was created, one of the spans on screen, or any moment."""
    created = figures.runs["created_at"]
    moments = st.sampled_from(created[created.lt(figures.now - timedelta(minutes=2))].head(1500).tolist())
    exact = st.builds(
        lambda when, more: (when + timedelta(seconds=more)).isoformat(), moments, st.sampled_from([0, 0, 1, 61])
    )
    return st.sampled_from(sorted(SPANS)) | exact


def queries(figures: Figures) -> st.SearchStrategy[dict[str, str]]:
    """Filters as an address has them."""
    words = some(figures, "tenant").map(lambda name: name[:4].upper())
    several = st.lists(st.sampled_from(["succeeded", "failed", "pending", "blocked"]), min_size=1, unique=True).map(
        ",".join
    )
    filters = st.fixed_dictionaries({}, optional={
        "workspace": some(figures, "workspace_id"), "tenant": some(figures, "tenant_id") | st.just("-"),
        "type": some(figures, "type"), "initiator": st.just("Ada"), "outcome": several,
        "status": st.sampled_from(["running", "queued,running", "completed"]), "since": times(figures),
        "until": times(figures), "search": words | st.just("ada"), "unhandled": st.just("true"),
        "group": some(figures, "group", figures.runs["failed"]),
    })  # fmt: skip
    # Few at once, or nothing would be left to count.
    few = st.tuples(filters, st.lists(st.integers(0, 9), min_size=0, max_size=4)).map(
        lambda pair: {name: value for n, (name, value) in enumerate(pair[0].items()) if n in pair[1]}
    )
    return few.filter(
        lambda query: not {"since", "until"} <= {*query} or figures.time(query["since"]) < figures.time(query["until"])
    )


# How long it takes to draw says something about the machine only.
drawn = hypothesis(
    max_examples=EXAMPLES, phases=(Phase.generate, Phase.shrink), suppress_health_check=[HealthCheck.too_slow]
)


def test_every_figure_is_the_one_that_pandas_finds(figures: Figures) -> None:
    console = Console(figures.ops)
    check_lists(figures, console)
    check_operations(figures, console)
    check_handover(figures)


def capped(count: int) -> str:
    return f"{min(count, CAP):,}" + ("+" if count > CAP else "")


def check_lists(figures: Figures, console: Console) -> None:
    """Compare a list, its counts, and the chart and the cards above it."""

    @drawn
    @given(st.sampled_from(["runs", "failures", "failures", "stuck"]), queries(figures), st.booleans())
    def same(page: str, query: dict[str, str], refreshed: bool) -> None:
        console.go(f"/system/ops/{page}?{urlencode(query)}")
        navigation, shown, *_ = console._parts
        if refreshed:
            shown.again()()()
        wanted = figures.wanted(page, query)
        assert shown.count == capped(len(wanted))
        assert navigation.stuck == capped(figures.runs["stuck"].sum())
        rows = {int(row["id"]): row["lasted"] for row in shown.state["rows"]}
        assert rows == {run.id: lasted(run, figures.now) for run in wanted.head(50).itertuples()}
        if "unhandled" in query:
            whole = figures.wanted(page, {name: value for name, value in query.items() if name != "unhandled"})
            handled = int((whole["failed"] & whole["handled"]).sum())
            said = f"{handled} handled one{'' if handled == 1 else 's'} hidden" if handled else "nothing hidden"
            assert shown.hidden == said
        check_bars(shown.panels[0].state, query, figures)
        if page == "failures":
            check_cards(shown.panels[1].state, query, figures)

    same()


def lasted(run: Any, now: datetime) -> str:
    """Say how long a run has run, or waited where it never started."""
    end = run.completed_at if pd.notna(run.completed_at) else now if run.status in ("queued", "running") else None
    start = run.started_at if pd.notna(run.started_at) else run.created_at
    return span((end - start).to_pytimedelta()) if end is not None else ""


def check_bars(state: dict[str, Any], query: dict[str, str], figures: Figures) -> None:
    rest = {name: value for name, value in query.items() if name not in ("since", "until")}
    runs = figures.wanted("failures" if {"unhandled", "group"} & {*query} else "runs", rest)
    kinds, bounds = (
        figures.kinds(runs),
        [(pd.Timestamp(bar["start"]), pd.Timestamp(bar["end"])) for bar in state["bars"]],
    )
    assert all(end == start for (_, end), (start, _) in pairwise(bounds))
    until = figures.time(query["until"]) if "until" in query else pd.Timestamp(figures.now)
    since = figures.time(query["since"]) if "since" in query else until - pd.Timedelta("1D")
    assert bounds[0][0] <= since < until <= bounds[-1][1] + pd.Timedelta("1us")
    counted = [Counter(kinds[runs["created_at"].ge(start) & runs["created_at"].lt(end)]) for start, end in bounds]
    assert [bar["counts"] for bar in state["bars"]] == counted
    assert state["total"] == sum(map(Counter.total, counted))


def check_cards(state: dict[str, Any], query: dict[str, str], figures: Figures) -> None:
    until = figures.time(query["until"]) if "until" in query else None
    since = figures.time(query["since"]) if "since" in query else (until or figures.now) - pd.Timedelta("7D")
    rest = {name: value for name, value in query.items() if name != "group"}
    failed = figures.wanted("failures", {**rest, "since": since.isoformat()})
    assert (state["found"], state["failures"]) == (failed["group"].nunique(), len(failed))
    assert len(state["cards"]) == min(state["found"], 100)
    for card in state["cards"]:
        own = failed[failed["group"] == card["group"]]
        assert (card["failures"], card["tenants"]) == (len(own), own["tenant_id"].nunique())
        assert (card["label"], card["last"]["iso"], card["first"]["iso"]) == (
            own["label"].iloc[0], f"{own['created_at'].max():%FT%TZ}", f"{own['created_at'].min():%FT%TZ}"
        )  # fmt: skip
        assert card["counts"] == [
            f"{own['created_at'].between(figures.now - back, figures.now).sum():,} in {words}"
            for words, back in (("1 h", pd.Timedelta("1h")), ("24 h", pd.Timedelta("1D")), ("7 d", pd.Timedelta("7D")))
            if since <= figures.now - back and (until is None or until >= figures.now)
        ]


def check_operations(figures: Figures, console: Console) -> None:
    """Compare an operation's phases, the last ones of its type, and what is usual for it."""
    runs = figures.runs
    numbers = st.sampled_from(runs["id"].tolist()) | st.sampled_from(runs.loc[runs["stuck"], "id"].tolist())
    told = Counter()

    @drawn
    @given(numbers)
    def same(number: int) -> None:
        (at,) = runs.index[runs["id"] == number]
        run = runs.loc[at]
        console.go(f"/system/ops/runs/{number}")
        detail = console._parts[2]
        facts = {fact["name"]: fact.get("text", "").removesuffix(" so far") for fact in detail.state["facts"]}
        assert (lasted(run, figures.now) or "—") in (facts["Ran for"], facts["Queued for"])
        past = runs[(runs.index >= at) & (runs["type"] == run["type"])].head(60)[::-1]
        bars = detail._history.state["bars"]
        assert [int(bar["key"]) for bar in bars] == past["id"].tolist()
        started = past["started_at"].notna()
        assert [bar["ran"] for bar in bars] == [
            lasted(one, figures.now) if has else "" for one, has in zip(past.itertuples(), started, strict=True)
        ]
        said = detail.state["verdict"]["head"] if run["stuck"] else ""
        assert bool(figures.ops.run(number).stuck) is bool(run["stuck"])
        usual, sample = figures.norms.get(run["type"], (None, 0)) if run["status"] == "running" else (None, 0)
        if said and sample:
            norm = Norm(run["type"], usual.to_pytimedelta(), sample, timedelta(0))
            assert said.endswith(f"; 95 % of {sample} recent runs took under {norm.under}")
        else:
            assert "95 %" not in said
        told[bool(said), bool(sample)] += 1

    same()
    assert told[True, True], "no stuck operation of a type with a norm was looked at"


def check_handover(figures: Figures) -> None:
    columns = "recorded_at, status, resource_id, CAST(metadata AS TEXT) AS details"
    rows = figures.ops.database.fetch(text(f"SELECT {columns} FROM audit_logs WHERE resource_type = 'operation_run'"))
    acts = pd.DataFrame([row._asdict() for row in rows])
    at = acts["recorded_at"].map(as_utc)
    retries = acts["details"].map(lambda details: json.loads(details)["new_run_id"])
    runs = figures.runs
    for since in sorted(SPANS):
        start = figures.time(since)
        frame = figures.ops.handover(since).to_frame()
        told = dict(iter(frame.groupby("section")))
        failed = figures.wanted("failures", {"since": since})
        assert (
            dict(told["failed"][["type", "count"]].itertuples(index=False)) == failed.groupby("type").size().to_dict()
        )
        open_ = figures.wanted("failures", {"since": since, "unhandled": "true"})
        assert told["unhandled"]["operation"].tolist() == open_["id"].head(20).tolist()
        assert told["stuck"]["operation"].tolist() == runs.loc[runs["stuck"], "id"].head(20).tolist()
        within = at.ge(start) & at.le(figures.now)
        assert told["acts"]["count"].sum() == (within & acts["status"].eq("success")).sum()
        assert len(told.get("refused", [])) == (within & acts["status"].eq("refused")).sum()
        asked = acts["status"].eq("success") & at.ge(start - pd.Timedelta("1D")) & at.le(figures.now)
        good = runs["status"].eq("completed") & runs["outcome"].eq("succeeded") & runs["id"].isin(retries[asked])
        done = runs[good & runs["completed_at"].between(start, figures.now)]
        assert sorted(told["recovered"]["operation"]) == sorted(acts["resource_id"][asked & retries.isin(done["id"])])
