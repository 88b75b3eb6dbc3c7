from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from opsnb.catalog import Catalog, OperationType
from opsnb.models import operation_runs, sqlite_text
from opsnb.queries.stuck_in_sql import parameters, predicate
from opsnb.settings import Settings
from opsnb.stuck import Classifier, Norm, StuckClass
from support.history import NOW, add_runs, before, execute

LIMITED = OperationType("limited", "Limited", queued_limit=timedelta(minutes=5), running_limit=timedelta(minutes=20))
TWIN = OperationType("twin", "Twin", queued_limit=timedelta(minutes=5), running_limit=timedelta(minutes=60))
HALF = OperationType("half", "Half", running_limit=timedelta(minutes=20))
CATALOGS = {
    "own limits": Catalog([LIMITED, TWIN, HALF]),
    "none": Catalog([]),
    "shipped": Catalog.from_settings(Settings()),
}
LIMITS = [timedelta(minutes=n) for n in (5, 10, 15, 20, 30, 60, 120, 240)]


@dataclass(frozen=True)
class AnyRun:
    type: str = "unknown"
    status: str = "running"
    created_at: datetime | None = NOW
    started_at: datetime | None = None


def classifier(catalog: str = "own limits") -> Classifier:
    return Classifier.build(CATALOGS[catalog], Settings())


@pytest.mark.parametrize(
    ("run", "label"),
    [
        (AnyRun(status="queued", created_at=before(minutes=10, seconds=1)), "Queued 10 min 01 s, limit 10 min"),
        (AnyRun(status="queued", created_at=before(minutes=10)), None),
        (AnyRun(created_at=before(hours=9), started_at=before(minutes=31)), "Running 31 min 00 s, limit 30 min"),
        (AnyRun(created_at=before(hours=9), started_at=before(minutes=30)), None),
        (AnyRun(created_at=before(hours=1)), "Running 1 h 00 min, limit 30 min"),
        (AnyRun("limited", "queued", before(minutes=6)), "Queued 6 min 00 s, limit 5 min"),
        (AnyRun("limited", "running", before(minutes=40), before(minutes=25)), "Running 25 min 00 s, limit 20 min"),
        (AnyRun("half", "queued", before(minutes=6)), None),
        (AnyRun("half", "running", before(minutes=25)), "Running 25 min 00 s, limit 20 min"),
        (AnyRun(status="queued", created_at=before(hours=5), started_at=NOW), "Queued 5 h 00 min, limit 10 min"),
        (AnyRun(created_at=before(minutes=5), started_at=before(hours=5)), None),
        (AnyRun(created_at=None), None),
        (AnyRun(status="completed", created_at=before(days=9)), None),
        (AnyRun(status="paused", created_at=before(days=9)), None),
        (AnyRun(created_at=NOW + timedelta(days=1)), None),
    ],
)  # fmt: skip
def test_a_run_is_stuck_beyond_its_limit(run, label):
    why = classifier().classify(run, NOW)
    assert (why and why.label) == label


@pytest.mark.parametrize(
    ("usual", "said"),
    [
        (timedelta(0), "1 s"), (timedelta(seconds=59), "1 min"), (timedelta(seconds=119.5), "2 min"),
        (timedelta(minutes=12, seconds=31), "13 min"), (timedelta(minutes=59), "1 h"), (timedelta(hours=30), "1 d 6 h"),
    ],
)  # fmt: skip
def test_what_is_usual_is_said_in_whole_units_and_is_true(usual, said):
    assert Norm("any", usual, 20, usual).under == said


def test_a_stuck_run_says_what_is_usual():
    usual = Norm("any", timedelta(minutes=12, seconds=31), 212, timedelta(minutes=25))
    within = StuckClass("running", timedelta(hours=2, minutes=14), timedelta(hours=4), usual)
    assert within.label == "Running 2 h 14 min, usually under 13 min"
    assert within.sentence == "Running 2 h 14 min; 95 % of 212 recent runs took under 13 min"
    beyond = StuckClass("running", timedelta(hours=2, minutes=14), timedelta(minutes=30), usual)
    assert beyond.label == "Running 2 h 14 min, limit 30 min"
    assert beyond.sentence == within.sentence
    queued = StuckClass("queued", timedelta(minutes=14), timedelta(minutes=10))
    assert queued.sentence == queued.label == "Queued 14 min 00 s, limit 10 min"


def test_the_team_s_defaults_hold_for_types_without_limits():
    strict = Classifier.build(CATALOGS["none"], Settings(running_limit=timedelta(seconds=90)))
    why = strict.classify(AnyRun(created_at=before(minutes=2)), NOW)
    assert why.label == "Running 2 min 00 s, limit 1 min 30 s"


# Around every limit to the microsecond, and anywhere else.
TIMES = st.one_of(
    st.builds(
        lambda limit, micros: NOW - limit + timedelta(microseconds=micros),
        st.sampled_from(LIMITS),
        st.sampled_from([-1_000_000, -1, 0, 1, 500_000, 1_000_000]),
    ),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda when: when.replace(tzinfo=NOW.tzinfo)),
    st.builds(lambda minutes: before(minutes=minutes), st.integers(-10, 300)),
)
RUNS = st.builds(
    AnyRun,
    st.sampled_from(["limited", "twin", "half", "tenants.provision", "credentials.rotate", "unknown", ""]),
    st.sampled_from(["queued", "running", "completed", "paused", ""]),
    TIMES,
    st.none() | TIMES,
)
NORMS = st.lists(
    st.builds(
        Norm,
        st.sampled_from(["limited", "half", "tenants.provision", "unknown", ""]),
        st.just(timedelta(minutes=1)),
        st.just(20),
        st.sampled_from([*LIMITS, timedelta(seconds=301), timedelta(days=40)]),
    ),
    unique_by=lambda norm: norm.type,
).map(tuple)


def test_the_predicate_and_the_function_agree_on_any_run(database):
    columns = operation_runs.c

    @settings(max_examples=60, phases=(Phase.generate,))  # the runs that disagree are told; no need to shrink
    @given(st.lists(RUNS, min_size=40, max_size=80), st.sampled_from(sorted(CATALOGS)), NORMS)
    def agree(runs, catalog, norms):
        rule = classifier(catalog).with_norms(norms)
        execute(database, "DELETE FROM operation_runs")
        ids = add_runs(database, [vars(run) for run in runs])
        found = database.fetch(
            select(columns.id).where(predicate(rule, operation_runs, database.dialect)),
            parameters(rule, NOW, database.dialect, database.write_time),
        )
        called_stuck = {row.id for row in found}
        disagreed = [
            run
            for number, run in zip(ids, runs, strict=True)
            if bool(rule.classify(run, NOW)) != (number in called_stuck)
        ]
        assert disagreed == []

    agree()


@pytest.mark.parametrize("spelling", ["{:%Y-%m-%d %H:%M:%S}", "{:%Y-%m-%d %H:%M:%S.%f}", "{:%Y-%m-%d %H:%M:%S.000}"])
@pytest.mark.parametrize("second", [-1, 0, 1])
def test_both_agree_whatever_precision_a_time_was_written_with(sqlite, spelling, second):
    rule = classifier()
    created = before(minutes=10, seconds=second)
    (number,) = add_runs(sqlite, [{"status": "queued", "type": "unknown"}])
    execute(sqlite, "UPDATE operation_runs SET created_at = :text", text=spelling.format(created))
    found = sqlite.fetch(
        select(operation_runs.c.id).where(predicate(rule, operation_runs, "sqlite")),
        parameters(rule, NOW, "sqlite", sqlite_text),
    )
    stuck = rule.classify(AnyRun(status="queued", created_at=created), NOW)
    assert [row.id for row in found] == ([number] if stuck else [])
