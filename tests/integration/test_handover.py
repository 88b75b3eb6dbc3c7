"""The handover: what the next shift is told, and that its figures are those of the lists."""

import pytest

from opsnb.errors import AccessDenied, BadInput
from opsnb.settings import SECRET_KEYS
from support.history import OUTSIDER, add_audit, add_run, add_runs, before
from support.statements import recorded


@pytest.fixture
def shift(database, ops):
    """Failures, one of them retried with success and one investigated, a stuck run, and what people did."""
    old = add_run(database, outcome="failed", created_at=before(hours=30))
    failed = add_runs(database, [
        {"outcome": "failed", "created_at": before(hours=hours), "type": kind,
         "context": {"error": f"fault {hours}", "api_token": "hidden123"}}
        for hours, kind in ((1, "reports.export"), (2, "inventory.sync"), (3, "inventory.sync"))
    ])  # fmt: skip
    retry = add_run(database, created_at=before(minutes=90), completed_at=before(minutes=80),
                    context={"triage": {"retry_of_run_id": failed[1]}})  # fmt: skip
    late = add_run(database, created_at=before(hours=12), completed_at=before(hours=7),
                   context={"triage": {"retry_of_run_id": old}})  # fmt: skip
    stuck = add_run(database, status="queued", created_at=before(hours=1))
    add_audit(database, old, metadata={"new_run_id": late}, recorded_at=before(hours=12))
    add_audit(database, failed[1], metadata={"new_run_id": retry}, recorded_at=before(minutes=90))
    add_audit(database, failed[1], status="refused", metadata={"refusal": "was retried", "token": "hidden123"})
    add_audit(database, 1, resource_type="invoice")
    return {"old": old, "failed": failed, "retry": retry, "late": late, "stuck": stuck}


def test_it_tells_each_section(ops, shift):
    one, two, three = shift["failed"]
    told = ops.handover("8h")
    assert [(line.section, line.operation, line.what, line.who, line.count) for line in told.lines] == [
        ("failed", None, "Sync device inventory", None, 2),
        ("failed", None, "Export compliance report", None, 1),
        ("unhandled", one, "Export compliance report: fault 1", None, None),
        ("unhandled", three, "Sync device inventory: fault 3", None, None),
        ("stuck", shift["stuck"], "Sync device inventory: Queued 1 h 00 min, limit 10 min", None, None),
        ("acts", None, "Retry", "Mona", 1),
        ("refused", two, "Retry refused: was retried", "Mona", None),
        ("recovered", shift["old"], f"Sync device inventory succeeded as Operation #{shift['late']}", None, None),
        ("recovered", two, f"Sync device inventory succeeded as Operation #{shift['retry']}", None, None),
    ]
    assert told.notes == ()
    assert repr(told).startswith("Handover from 2026-11-23 06:00:00 UTC to 2026-11-23 14:00:00 UTC; new failures")


def test_its_figures_are_those_of_the_lists(ops, shift):
    frame = ops.handover("8h").to_frame()
    counts = frame[frame["section"] == "failed"].set_index("type")["count"].to_dict()
    listed = ops.failures(since="8h").to_frame()
    assert counts == listed.groupby("type").size().to_dict()


def test_a_frame_has_the_same_columns_when_empty(ops, shift, database):
    full, empty = (ops.handover(span).to_frame() for span in ("8h", "1s"))
    assert dict(full.dtypes) == dict(empty.dtypes)
    assert str(full["at"].dtype) == "datetime64[us, UTC]"


def test_its_markdown_says_the_same_and_quotes_what_is_not_ours(database, ops, shift):
    add_run(database, outcome="failed", created_at=before(minutes=5), context={"error": "<b>**bold**</b> `tick`"})
    text = ops.handover("8h").to_markdown()
    assert text == ops.handover("8h")._repr_markdown_()
    assert "`` Sync device inventory: <b>**bold**</b> `tick` ``" in text
    assert f"- #{shift['failed'][0]} `Export compliance report: fault 1`" in text


def test_nothing_secret_is_in_it(database, ops, shift):
    add_run(database, outcome="failed", context=dict.fromkeys(SECRET_KEYS, "hidden123"))
    told = ops.handover("8h")
    assert "hidden123" not in told.to_markdown() + told.to_frame().to_csv()


def test_it_says_what_its_bounds_leave_out(database, ops, shift, monkeypatch):
    monkeypatch.setattr("opsnb.queries.shift.NEWEST", 2)
    add_runs(database, [{"outcome": "failed", "created_at": before(minutes=n)} for n in range(1, 30)])
    assert ops.handover("8h").notes == (
        "31 operations are unhandled; the newest 20 stand here.",
        "Only the newest 5,000 rows of the audit were looked at; there are more.",
    )


def test_it_asks_for_access_and_for_a_time(ops, ops_on, database):
    with pytest.raises(AccessDenied):
        ops_on(database, OUTSIDER).handover()
    with pytest.raises(AccessDenied):
        ops_on(database, OUTSIDER).acts("8h")
    with pytest.raises(BadInput, match="since must be a time"):
        ops.handover("last week")


def test_its_statements_are_as_many_whatever_it_finds(database, ops, shift):
    ops.handover("8h")
    with recorded(database) as few:
        ops.handover("8h")
    add_runs(database, [{"outcome": "failed", "created_at": before(minutes=n % 400)} for n in range(400)])
    with recorded(database) as many:
        ops.handover("8h")
    assert len(many) <= len(few) + 1  # the count that its note says
