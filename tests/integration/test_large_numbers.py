"""Numbers of operations up to 2^63-1, as snowflake ids are: nothing on the way reads them as a float or cuts them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from opsnb import analysis
from opsnb.bounds import LAST_ID
from opsnb.database import Database
from opsnb.load import load
from opsnb.ops import Ops
from opsnb.widgets.console import Console
from support.history import MANAGER, NOW, add_audit, add_people, add_run, before, execute

pytestmark = pytest.mark.every_postgres

FIRST = 2**53 + 1  # the smallest that a float does not hold
FAILED = 1_234_567_890_123_456_789


@dataclass
class Lineage:
    ops: Ops
    failed: int = FAILED
    retry: int = FAILED + 1
    last: int = LAST_ID


@pytest.fixture(params=["number", "text"])
def lineage(request, database: Database, ops_on) -> Lineage:
    """A failed operation, its failed retry, and the retry of that, which succeeded; ids as JSON numbers and as text."""
    spell = int if request.param == "number" else str
    add_people(database)
    add_run(database, id=FIRST)
    for number, parent, outcome, minutes in (
        (FAILED, None, "failed", 50), (FAILED + 1, FAILED, "failed", 40), (LAST_ID, FAILED + 1, "succeeded", 30),
    ):  # fmt: skip
        triage = {} if parent is None else {"triage": {"retry_of_run_id": spell(parent)}}
        run = {"outcome": outcome, "context": {**triage, "error": "disk full"}, "created_at": before(minutes=minutes)}
        add_unsequenced(database, id=number, **run)
    add_audit(database, FAILED, metadata={"new_run_id": spell(FAILED + 1)})
    return Lineage(ops_on(database, MANAGER))


def add_unsequenced(database: Database, **run) -> None:
    """Add a run as an application does that makes ids itself: no sequence follows."""
    names = ", ".join(run)
    values = {name: json.dumps(value) if name == "context" else value for name, value in run.items()}
    if database.is_sqlite:
        values["created_at"] = f"{run['created_at']:%Y-%m-%d %H:%M:%S}"
    bound = ", ".join("CAST(:context AS jsonb)" if n == "context" and not database.is_sqlite else f":{n}" for n in run)
    columns = f"workspace_id, type, status, {names}"
    execute(
        database,
        f"INSERT INTO operation_runs ({columns}) VALUES (1, 'inventory.sync', 'completed', {bound})",
        **values,
    )


def test_a_retry_that_succeeded_handles_the_failure(lineage: Lineage) -> None:
    ops = lineage.ops
    assert list(ops.failures(unhandled=True).rows) == []
    assert [row.id for row in ops.failures().rows] == [lineage.retry, lineage.failed]
    rows = {row.id: (row.retry_of, row.retried_as, row.retried_state) for row in ops.runs().rows}
    assert rows[lineage.failed] == (None, lineage.retry, "failed")
    assert rows[lineage.retry] == (lineage.failed, lineage.last, "succeeded")
    assert rows[lineage.last] == (lineage.retry, None, None)


def test_the_detail_knows_the_lineage(lineage: Lineage) -> None:
    run = lineage.ops.run(lineage.retry)
    assert run.retry_of == lineage.failed
    assert [one.id for one in run.lineage()] == [lineage.failed, lineage.retry, lineage.last]
    events = lineage.ops.run(lineage.failed).timeline()
    (retried,) = [event for event in events if event.text.startswith("Retried by Mona as Operation #")]
    assert retried.run_id == lineage.retry
    assert f"as a retry of Operation #{lineage.failed}" in run.timeline()[0].text + run.timeline()[1].text
    shift = lineage.ops.acts(NOW.replace(hour=13))
    assert [act.run_id for act in shift.acts] == [lineage.failed]


@pytest.mark.parametrize("text", ["{}", "#{}", "Operation #{}", " {} "])
def test_a_search_finds_the_number(lineage: Lineage, text: str) -> None:
    for number in (FIRST, lineage.failed, lineage.last):
        assert [row.id for row in lineage.ops.runs(search=text.format(number)).rows] == [number]
        assert lineage.ops.count(search=text.format(number)) == 1
    assert list(lineage.ops.runs(search=text.format(LAST_ID + 1)).rows) == []
    assert [row.id for row in lineage.ops.runs(search=lineage.last).rows] == [lineage.last]


def test_pages_turn_and_frames_hold_every_digit(lineage: Lineage) -> None:
    ops = lineage.ops
    first = ops.runs(limit=2)
    second = ops.runs(limit=2, after=first.next)
    assert [row.id for row in (*first.rows, *second.rows)] == [lineage.last, lineage.retry, lineage.failed, FIRST]
    frame = ops.runs().to_frame()
    assert frame["id"].tolist() == [lineage.last, lineage.retry, lineage.failed, FIRST]
    assert frame["retried_as"].dropna().tolist() == [lineage.last, lineage.retry]
    assert [ops.run(number).id for number in frame["id"]] == frame["id"].tolist()
    failures = ops.failures().to_frame()
    assert analysis.error_clusters(failures)["example"].tolist() == [f"#{lineage.retry}"]
    assert ops.failure_groups().to_frame()["example"].tolist() == [lineage.retry]


def test_pages_and_evidence_lead_there(lineage: Lineage) -> None:
    console = Console(lineage.ops)
    for number in (FIRST, lineage.failed, lineage.last):
        console.go(f"/system/ops/runs/{number}")
        state = console._parts.run_detail.state
        assert (state["id"], state["missing"]) == (str(number), "")
    assert f"Operation #{lineage.last}" in lineage.ops.evidence(lineage.last).html
    console.go(f"/system/ops/runs/{LAST_ID + 1}")
    assert console._parts.run_detail.state["missing"].startswith(f"There is no Operation #{LAST_ID + 1};")


def test_plain_voila_leads_there(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    monkeypatch.setenv("SCRIPT_NAME", "/voila/render/run.ipynb")
    monkeypatch.setenv("QUERY_STRING", f"run={lineage.last}")
    assert Console(lineage.ops, "run")._parts.run_detail.state["id"] == str(lineage.last)


def test_an_act_is_done_and_recorded(lineage: Lineage) -> None:
    ops = lineage.ops
    if not ops.database.is_sqlite:
        execute(ops.database, f"SELECT setval('operation_runs_id_seq', {FAILED + 10})")
    else:  # which takes the number after the largest
        execute(ops.database, "DELETE FROM operation_runs WHERE id = :last", last=LAST_ID)
    new = ops.retry(lineage.failed)
    assert new.retry_of == lineage.failed
    assert new.id > lineage.failed
    assert ops.run(lineage.failed).audit()[-1].metadata["new_run_id"] == new.id
    marked = ops.mark_investigated(lineage.retry, reason="The disk was full.")
    assert (marked.id, marked.retry_of) == (lineage.retry, lineage.failed)


def spell_csv(path: Path, rows: list[dict]) -> None:
    lines = [",".join(rows[0])]
    lines += [",".join('"' + str(value).replace('"', '""') + '"' for value in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def spell_jsonl(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps({**row, "context": json.loads(row["context"])}) + "\n" for row in rows))


def spell_parquet(path: Path, rows: list[dict]) -> None:
    parquet.write_table(pa.Table.from_pylist(rows), path)


@pytest.mark.parametrize(("kind", "spell"), [("csv", spell_csv), ("jsonl", spell_jsonl), ("parquet", spell_parquet)])
def test_a_file_is_loaded_with_every_digit(
    database: Database, ops_on, tmp_path: Path, kind: str, spell: Callable[[Path, list[dict]], None]
) -> None:
    add_people(database)
    row = {"workspace": "W", "type": "t", "status": "completed", "created_at": "2026-11-23T12:00:00Z"}
    path = tmp_path / f"runs.{kind}"
    retry = json.dumps({"triage": {"retry_of_run_id": FAILED}})
    spell(path, [{"id": FAILED, **row, "outcome": "failed", "context": "{}"},
                 {"id": LAST_ID, **row, "outcome": "succeeded", "context": retry}])  # fmt: skip
    assert load(database, path, now=NOW).rows == 2
    rows = ops_on(database).runs().rows
    assert [(row.id, row.retry_of, row.retried_as) for row in rows] == [
        (LAST_ID, FAILED, None),
        (FAILED, None, LAST_ID),
    ]


def test_a_float_that_has_lost_digits_is_no_number(database: Database, tmp_path: Path) -> None:
    add_people(database)
    row = {
        "workspace": "W",
        "type": "t",
        "status": "queued",
        "outcome": "pending",
        "created_at": "2026-11-23T12:00:00Z",
    }
    path = tmp_path / "runs.parquet"
    parquet.write_table(pa.Table.from_pylist([{"id": float(2**53), **row}, {"id": float(FAILED), **row}]), path)
    loaded = load(database, path, now=NOW)
    assert (loaded.rows, loaded.rejected) == (1, 1)
