"""What may be done with a run: `decide` says so, and `execute` does what it says."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from opsnb.catalog import Catalog
from opsnb.errors import TriageRefused
from opsnb.models import Outcome, Status, operation_runs
from opsnb.settings import Settings
from opsnb.triage import Act, Allowed, Refused
from opsnb.triage.decide import Case, Retry, decide
from support.acts import REASON, attempt, audit
from support.history import MANAGER, NOW, add_people, add_runs, before, execute

CATALOG = Catalog.from_settings(Settings())
BOTH, ONLY_RETRY, ONLY_CANCEL, NEITHER = "inventory.sync", "credentials.rotate", "archive.purge", "tenants.provision"
UNKNOWN = "acme.unheard_of"
TYPES = [BOTH, ONLY_RETRY, ONLY_CANCEL, NEITHER, UNKNOWN]
STATUSES = [*Status, "archived", ""]
OUTCOMES = [*Outcome, "exploded", ""]
MARK = {"by": "Ada", "by_id": 7, "at": "2026-11-23T13:58:00+00:00"}
TRIAGES = {
    "none": {},
    "empty": {"triage": {}},
    "retry": {"triage": {"retry_of_run_id": 4}},
    "canceled": {"triage": {"cancel": MARK}},
    "investigated": {"triage": {"investigated": {"reason": "Known.", **MARK}}},
    "odd marks": {"triage": {"cancel": "yes", "investigated": 5}},
    "no object": {"triage": []},
    "null": {"triage": None},
    "no context": None,
}
LIVE = Retry(812, "Grace", datetime(2026, 11, 23, 13, 2, tzinfo=UTC), "running")


def case(status="completed", outcome="failed", kind=BOTH, context=None, live_retry=None):
    run = {"id": 42, "type": kind, "status": status, "outcome": outcome, "completed_at": before(minutes=5)}
    return Case(run, {} if context is None else context, CATALOG.get(kind), live_retry)


@pytest.mark.parametrize("triage", TRIAGES)
@pytest.mark.parametrize("kind", TYPES)
def test_every_state_allows_what_the_contract_says_and_no_more(kind, triage):
    writable = triage not in ("no object", "null", "no context")
    may = {
        Act.RETRY: lambda status, outcome, live: (
            kind in (BOTH, ONLY_RETRY) and (status, outcome) == ("completed", "failed") and not live
        ),
        Act.CANCEL: lambda status, _outcome, _live: kind in (BOTH, ONLY_CANCEL) and status in ("queued", "running"),
        Act.MARK_INVESTIGATED: lambda _status, _outcome, _live: triage != "investigated",
    }
    for status, outcome, live in product(STATUSES, OUTCOMES, [None, LIVE]):
        run = {"id": 42, "type": kind, "status": status, "outcome": outcome, "completed_at": None}
        found = Case(run, TRIAGES[triage], CATALOG.get(kind), live)
        for act in Act:
            decision = decide(act, found)
            assert isinstance(decision, Allowed) == (writable and may[act](status, outcome, live)), (act, found)
            if isinstance(decision, Refused):
                assert decision.reason.endswith(".")
                assert "\n" not in decision.reason


def refusal(act, **state):
    decision = decide(act, case(**state))
    return decision.reason if isinstance(decision, Refused) else None


@pytest.mark.parametrize(
    ("act", "state", "reason"),
    [
        ("retry", {"live_retry": LIVE},
         "Operation #42 was already retried by Grace as Operation #812 at 2026-11-23 13:02:00 UTC, which is running."),
        ("retry", {"live_retry": Retry(812, None, None, "queued")},
         "Operation #42 was already retried as Operation #812, which is queued."),
        ("retry", {"outcome": "partially_succeeded"},
         "Operation #42 is completed as partially succeeded at 2026-11-23 13:55:00 UTC:"
         " only one that completed and failed can be retried."),
        ("retry", {"status": "running", "outcome": "pending"},
         "Operation #42 is running: only one that completed and failed can be retried."),
        ("retry", {"kind": ONLY_CANCEL}, "Purge expired archives cannot be retried: its type is not retryable."),
        ("retry", {"kind": UNKNOWN},
         "The type 'acme.unheard_of' is in no catalog, so it cannot be retried;"
         ' declare it in opsnb.toml as [types."acme.unheard_of"] with retryable = true.'),
        ("cancel", {"outcome": "succeeded"},
         "Operation #42 was completed as succeeded at 2026-11-23 13:55:00 UTC:"
         " only one that is queued or running can be canceled."),
        ("cancel", {"context": {"triage": {"cancel": MARK}}},
         "Operation #42 was canceled by Ada at 2026-11-23 13:58:00 UTC:"
         " only one that is queued or running can be canceled."),
        ("cancel", {"status": "queued", "kind": ONLY_RETRY},
         "Rotate tenant credentials cannot be canceled: its type is not cancelable."),
        ("cancel", {"status": "queued", "kind": UNKNOWN},
         "The type 'acme.unheard_of' is in no catalog, so it cannot be canceled;"
         ' declare it in opsnb.toml as [types."acme.unheard_of"] with cancelable = true.'),
        ("mark_investigated", {"context": {"triage": {"investigated": MARK}}},
         "Operation #42 was already marked investigated by Ada at 2026-11-23 13:58:00 UTC."),
        ("mark_investigated", {"context": {"triage": {"investigated": {}}}},
         "Operation #42 was already marked investigated by somebody."),
        ("mark_investigated", {"context": {"triage": 5}},
         "The context of Operation #42 is not a JSON object that triage could be recorded in."),
    ],
)  # fmt: skip
def test_a_reason_names_who_which_number_and_when(act, state, reason):
    assert refusal(Act(act), **state) == reason


def test_a_run_that_was_marked_investigated_may_be_retried_with_a_word_about_it():
    marked = case(context={"triage": {"investigated": MARK}})
    assert decide(Act.RETRY, marked) == Allowed(("It was marked investigated by Ada at 2026-11-23 13:58:00 UTC.",))
    assert decide(Act.RETRY, case()) == Allowed()


@pytest.mark.parametrize("words", ["\x00\x1b[31m", "x" * 100_000, "\u202eevil", "\ud800", "a\nb"])
def test_a_reason_is_short_and_printable_whatever_the_database_holds(words):
    marks = {"triage": {"cancel": {"by": words}, "investigated": {"by": words}}}
    reasons = [
        refusal(Act.RETRY, kind=words),
        refusal(Act.RETRY, live_retry=Retry(1, words, None, words)),
        refusal(Act.RETRY, status=words),
        refusal(Act.RETRY, outcome=words),
        refusal(Act.CANCEL, status=words),
        refusal(Act.CANCEL, context=marks),
        refusal(Act.MARK_INVESTIGATED, context=marks),
        *decide(Act.RETRY, case(context=marks)).unusual,
    ]
    for reason in reasons:
        assert len(reason) < 500
        reason.encode()
        assert not set(reason) & {"\x00", "\x1b", "\u202e"}


def test_a_run_that_a_worker_finished_after_its_cancel_is_told_as_the_worker_left_it():
    after = case(outcome="succeeded", context={"triage": {"cancel": MARK}})
    assert "is completed as succeeded at 2026-11-23 13:55:00 UTC" in decide(Act.RETRY, after).reason


@pytest.mark.parametrize(
    "change",
    [{"status": "running"}, {"outcome": "succeeded"}, {"context": {"triage": {"cancel": MARK}}},
     {"context": {"triage": {"investigated": MARK}}}],
)  # fmt: skip
def test_what_was_seen_is_another_thing_once_the_run_moved_on(change):
    assert case().seen == case(context={"progress": 5}).seen
    assert case().seen != case(**change).seen


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
MARKS = st.fixed_dictionaries({}, optional={"cancel": JSON, "investigated": JSON | st.just(MARK)})
CONTEXTS = (
    st.dictionaries(TEXT, JSON, max_size=3)
    | st.builds(lambda rest, triage: {**rest, "triage": triage}, st.dictionaries(TEXT, JSON, max_size=2), MARKS | JSON)
    | JSON
)
RUNS = st.fixed_dictionaries({
    "status": st.sampled_from(["completed", "completed", *STATUSES]), "outcome": st.sampled_from(["failed", *OUTCOMES]),
    "type": st.sampled_from([BOTH, BOTH, *TYPES]), "context": CONTEXTS, "completed_at": st.sampled_from([None, NOW]),
})  # fmt: skip


def test_what_is_allowed_succeeds_and_what_is_refused_is_refused_for_the_same_reason(database, ops_on):
    add_people(database)
    ops = ops_on(database, MANAGER)

    @given(st.sampled_from(Act), RUNS, st.sampled_from([None, None, "queued", "running", "completed"]))
    def agree(act, run, retry_status):
        execute(database, "DELETE FROM operation_runs")
        execute(database, "DELETE FROM audit_logs")
        run_id = add_runs(database, [run])[0]
        if retry_status:
            add_runs(database, [{"status": retry_status, "context": {"triage": {"retry_of_run_id": run_id}}}])
        before_it = every_run(database)
        decision = ops.decide(act, run_id)
        assert every_run(database) == before_it
        assert audit(database) == []

        told = attempt(ops, act, run_id)
        assert [row["status"] for row in audit(database)] == [told.status]
        if isinstance(decision, Refused):
            assert told[2:] == ("refused", decision.reason)
            assert every_run(database) == before_it
        else:
            assert told.status == "success"
            assert every_run(database) != before_it

    agree()


def every_run(database):
    return database.fetch(select(operation_runs).order_by(operation_runs.c.id))


def test_a_refusal_is_raised_as_one_sentence(database, ops_on):
    add_people(database)
    run_id = add_runs(database, [{"type": UNKNOWN, "outcome": "failed"}])[0]
    with pytest.raises(TriageRefused, match=r"^The type 'acme.unheard_of' is in no catalog.*= true\.$"):
        ops_on(database, MANAGER).retry(run_id)
    ops_on(database, MANAGER).mark_investigated(run_id, reason=REASON)
