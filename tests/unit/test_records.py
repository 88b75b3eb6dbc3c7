"""Records, and what is made of them: spans, timelines, DataFrames and HTML."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from opsnb.queries.detail import MAX_AUDIT, MAX_LINEAGE, AuditEntry, Relative
from opsnb.queries.frames import frame
from opsnb.queries.html import table
from opsnb.queries.records import RunRow, timing
from opsnb.queries.timeline import timeline
from support.history import NOW, before

ROW = RunRow(
    7, "inventory.sync", "Sync device inventory", 1, "Aurora", 2, "Contoso", "Ada", "completed", "succeeded",
    before(hours=2), before(hours=1), before(minutes=30),
)  # fmt: skip
DTYPES = {
    "id": "Int64", "type": "string", "label": "string", "workspace_id": "Int64", "workspace": "string",
    "tenant_id": "Int64", "tenant": "string", "initiator_name": "string", "status": "string", "outcome": "string",
    "created_at": "datetime64[us, UTC]", "started_at": "datetime64[us, UTC]", "completed_at": "datetime64[us, UTC]",
    "error": "string", "stuck_class": "string", "investigated_by": "string", "retry_of": "Int64", "retried_as": "Int64",
    "retried_state": "string",
}  # fmt: skip
EMPTY = RunRow(1, "", "", 1, None, None, None, None, "", "", None, None, None)


@pytest.mark.parametrize(
    ("started", "completed", "now", "queued_for", "ran_for"),
    [
        (before(hours=1), before(minutes=30), None, 60, 30),
        (None, None, NOW, 120, None),
        (before(hours=1), None, NOW, 60, 60),
        (None, before(hours=1), None, 60, None),
        (before(hours=1), None, None, 60, None),
        (None, None, None, None, None),
        (before(hours=3), before(hours=4), None, -60, -60),
    ],
)
def test_an_open_phase_runs_until_now(started, completed, now, queued_for, ran_for):
    spans = timing(before(hours=2), started, completed, now)
    assert [span and span / timedelta(minutes=1) for span in spans] == [queued_for, ran_for]


def test_a_run_without_times_has_no_spans():
    assert timing(None, None, None, None) == (None, None)


@pytest.mark.parametrize(
    "rows",
    [[], [ROW], [EMPTY], [ROW, EMPTY], [ROW._replace(created_at=datetime.min.replace(tzinfo=UTC))],
     [ROW._replace(completed_at=datetime.max.replace(tzinfo=UTC))], [ROW._replace(id=2**63 - 1)],
     [ROW._replace(initiator_name="a\x00<\u202e")]],
    ids=range(8),
)  # fmt: skip
def test_a_frame_has_the_same_columns_and_dtypes_whatever_its_rows(rows):
    made = frame(rows)
    assert {name: str(dtype) for name, dtype in made.dtypes.items()} == DTYPES
    assert len(made) == len(rows)


def test_a_frame_holds_the_values_of_its_rows():
    made = frame([ROW, EMPTY])
    assert made.loc[0, "created_at"] == before(hours=2)
    assert made.loc[0, "tenant_id"] == 2
    assert made.loc[1].isna().sum() == len([value for value in EMPTY if value is None])


def test_a_table_shows_what_a_person_reads():
    html = table([ROW, ROW._replace(id=8, tenant_id=None, tenant=None)], "Operations")
    cells = re.findall(r"<bdi>(.*?)</bdi>", html)
    assert cells[:8] == ["#7", "Sync device inventory", "Aurora / Contoso", "Ada", "completed", "succeeded",
                         "2026-11-23 12:00:00 UTC", "30 min 00 s"]  # fmt: skip
    assert cells[10] == "Aurora / Platform"


def test_no_markup_of_a_row_reaches_the_page():
    attack = "<script>alert(1)</script>\"'&"
    fields = dict.fromkeys(("label", "workspace", "tenant", "initiator_name", "status", "outcome"), attack)
    html = table([ROW._replace(**fields)], attack)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 7


def test_an_empty_table_says_so():
    assert "No operations." in table([], "Operations")


def entry(action: str, status: str = "success", **metadata: object) -> AuditEntry:
    return AuditEntry(1, f"platform.system_console.{action}", status, "Mona", None, metadata, before(minutes=10))


def test_a_timeline_tells_life_and_acts_in_order():
    acts = [
        entry("mark_investigated", reason="disk was full"),
        entry("retry", new_run_id=9),
        entry("cancel", "refused"),
    ]
    assert [event.text for event in timeline(ROW, 5, acts)] == [
        "Created by Ada, as a retry of Operation #5",
        "Started after 1 h 00 min in the queue",
        "Completed: succeeded after 30 min 00 s",
        "Marked investigated by Mona: disk was full",
        "Retried by Mona as Operation #9",
        "Cancel refused to Mona",
    ]


def relative(number: int, generation: int, retry_of: int | None, **fields: object) -> Relative:
    usual = {"status": "completed", "outcome": "succeeded", "created_at": before(minutes=20)}
    return Relative(id=number, retry_of=retry_of, generation=generation, **(usual | fields))


def test_a_timeline_tells_what_became_of_the_lineage_where_an_act_does_not():
    family = [
        relative(3, -2, None, outcome="failed", created_at=before(days=2), started_at=before(days=2),
                 completed_at=before(hours=40)),
        relative(5, -1, 3, outcome="partially_succeeded", created_at=before(days=1)),
        relative(ROW.id, 0, 5),
        relative(9, 1, ROW.id, outcome="failed", completed_at=before(minutes=5)),
        relative(11, 2, 9, created_at=before(minutes=4), status="running", outcome="pending"),
    ]  # fmt: skip
    events = timeline(ROW, 5, [entry("retry", new_run_id=9)], family)
    assert [(event.text, event.run_id, event.outcome) for event in events if event.kind in ("lineage", "act")] == [
        ("Operation #3 was created", 3, None),
        ("Operation #3 completed: failed after 8 h 00 min", 3, "failed"),
        ("Operation #5 was created as a retry of Operation #3; it completed at an unknown time: partially succeeded",
         5, None),
        ("Retried by Mona as Operation #9", 9, None),
        ("Operation #9 completed: failed", 9, "failed"),
        ("Operation #11 was created as a retry of Operation #9; it is running", 11, None),
    ]  # fmt: skip
    assert events[0].address == "/system/ops/runs/3"
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_timeline_says_what_it_leaves_out():
    acts = [entry("retry", "refused")._replace(id=number) for number in range(MAX_AUDIT + 1)]
    family = [relative(ROW.id + number, number, ROW.id) for number in range(MAX_LINEAGE)]
    texts = [event.text for event in timeline(ROW, None, acts, family)]
    assert texts.count("Retry refused to Mona") == MAX_AUDIT
    assert texts[texts.index("Retry refused to Mona") - 1] == ("Earlier acts are left out: these are the newest 200")
    assert texts[-1] == "There may be more retries: no more than 50 are looked at"


def test_a_timeline_names_clocks_that_disagree():
    row = ROW._replace(started_at=before(hours=3), completed_at=before(hours=4))
    texts = [event.text for event in timeline(row, None, [])]
    assert texts == [
        "Completed: succeeded, 1 h 00 min before it could: the clocks of its machines disagree",
        "Started, 1 h 00 min before it could: the clocks of its machines disagree",
        "Created by Ada",
    ]


def test_what_happened_at_an_unknown_time_comes_last():
    row = ROW._replace(created_at=None, completed_at=None, initiator_name=None)
    assert [event.text for event in timeline(row, None, [])] == [
        "Started", "Created", "Completed at an unknown time: succeeded"
    ]  # fmt: skip


def test_an_act_of_nobody_known_and_of_an_unknown_kind_is_told():
    act = AuditEntry(1, "platform.other", "success", None, None, {"new_run_id": True, "reason": 5}, before(minutes=1))
    assert timeline(ROW, None, [act])[-1].text == "platform.other by somebody"
