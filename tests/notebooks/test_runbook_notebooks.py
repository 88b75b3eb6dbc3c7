"""Each runbook, executed by papermill as an on-call engineer would, on whatever database and for whomever."""

import ast
import logging
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
import stage

from opsnb import connect
from opsnb.database import Database
from opsnb.runbooks import find
from support.history import NOW, OUTSIDER, VIEWER, add_people, add_run, add_runs

CLUSTER, COMPARE, WAITING = "where-failures-cluster", "compare-with-last-success", "who-is-waiting"
HANDOVER = "hand-over-a-shift"


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Execute a runbook on the demo by papermill; give the text of its outputs."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    stage.fill(tmp_path / "runs.db")
    for key, value in stage.environment(tmp_path).items():
        monkeypatch.setenv(key, value)

    def run(name: str, **parameters: Any) -> str:
        source = stage.NOTEBOOKS / "runbooks" / f"{name}.ipynb"
        options = {"kernel_name": "python3", "progress_bar": False, "cwd": tmp_path}
        return text_of(papermill.execute_notebook(source, None, parameters, **options))

    return run


def text_of(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} <= {"execute_result", "display_data"}
    return "\n".join(output.data.get("text/markdown", output.data["text/plain"]) for output in outputs)


@pytest.fixture
def execute_here(sqlite: Database, monkeypatch: pytest.MonkeyPatch):
    """Run a runbook's cells in this process, which spares a kernel, on an empty database; give what they show."""
    add_people(sqlite)
    monkeypatch.setenv("OPSNB_DATABASE_URL", sqlite.name)
    monkeypatch.setenv("OPSNB_NOW", NOW.isoformat())  # the present that the rows of `support.history` are written for

    def run(name: str, actor: str) -> list[str]:
        monkeypatch.setenv("OPSNB_ACTOR", actor)
        cells = nbformat.read(stage.NOTEBOOKS / "runbooks" / f"{name}.ipynb", as_version=4).cells
        names: dict[str, Any] = {}
        shown = [last_value(cell.source, names) for cell in cells if cell.cell_type == "code"]
        names["ops"].close()
        return [getattr(value, "data", repr(value)) for value in shown if value is not None]

    return run


def last_value(source: str, names: dict[str, Any]) -> Any:
    *statements, last = ast.parse(source).body
    exec(compile(ast.Module(statements, []), "cell", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    exec(compile(ast.Module([last], []), "cell", "exec"), names)
    return None


def test_each_has_its_metadata_and_parameters() -> None:
    books = find(str(stage.NOTEBOOKS / "runbooks"))
    assert [book.title for book in books] == [
        "Compare with the last success", "Hand over a shift", "Where failures cluster", "Who is waiting",
    ]  # fmt: skip
    for book in books:
        assert book.summary.endswith(".")
        assert book.serves("any.type")
        cells = nbformat.read(book.path, as_version=4).cells
        assert [cell.id for cell in cells if "parameters" in cell.metadata.get("tags", [])] == ["parameters"]
        assert cells[0].source.startswith(f"# {book.title}\n")


def test_clusters_of_a_type(execute) -> None:
    said = execute(CLUSTER, type="reports.export", since="24h")
    assert "finished operations of type `Export compliance report` failed" in said
    assert "in the last 24 hours" in said


def test_comparison_of_an_operation(execute, tmp_path: Path) -> None:
    ops = connect(str(tmp_path / "runs.db"), actor=stage.ACTOR, now=stage.NOW)
    failure = ops.failures(type="inventory.sync", limit=1).rows[0].id
    ops.close()
    said = execute(COMPARE, run_id=failure)
    assert f"**Operation #{failure}** (`Sync device inventory`" in said
    assert "error.message" in said


def test_handover_of_a_shift(execute, tmp_path: Path) -> None:
    ops = connect(str(tmp_path / "runs.db"), actor=stage.ACTOR, now=stage.NOW)
    said = execute(HANDOVER, since="3h")
    assert ops.handover("3h").to_markdown() in said
    assert "Who did what" in said
    ops.close()


def test_waits_of_a_type(execute) -> None:
    said = execute(WAITING, type="inventory.sync")
    assert "queued" in said
    assert "Sync device inventory" in said
    assert "Restore policy set" not in said


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        (CLUSTER, {"type": "inventory.sink"}, "No operation here is of type 'inventory&#46;sink'"),
        (WAITING, {"type": "inventory.sink"}, "No operation here is of type 'inventory&#46;sink'"),
        (COMPARE, {"run_id": 99_999_999}, "There is no Operation &#35;99999999"),
        (CLUSTER, {"since": "last week"}, "since must be a time"),
        (HANDOVER, {"since": "last week"}, "since must be a time"),
    ],
)
def test_a_parameter_that_leads_nowhere(execute, name: str, parameters: dict[str, Any], sentence: str) -> None:
    said = execute(name, **parameters)
    assert said.count(sentence) == 1
    assert {line for line in said.splitlines() if sentence not in line} == {"Nothing to show."}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (CLUSTER, "**None of 0 finished operations failed** in the last 7 days."),
        (COMPARE, "No operation failed: there is nothing to compare."),
        (WAITING, "**Nobody waits:** no operation is queued or running."),
        (HANDOVER, "### New failures by type\n\nNone."),
    ],
)
def test_an_empty_database(execute_here, name: str, sentence: str) -> None:
    answer, *tables = execute_here(name, VIEWER)
    assert sentence in answer
    assert {*tables} == {"Nothing to show."}


@pytest.mark.parametrize("name", [CLUSTER, COMPARE, WAITING, HANDOVER])
@pytest.mark.parametrize("actor", [OUTSIDER, "nobody@example.test"])
def test_no_access(execute_here, sqlite: Database, name: str, actor: str) -> None:
    add_runs(sqlite, [{"status": "queued"}, {"outcome": "failed"}])
    answer, *tables = execute_here(name, actor)
    assert "ask whoever manages access to this platform" in answer
    assert {*tables} == {"Nothing to show."}


@pytest.mark.parametrize("name", [CLUSTER, COMPARE, WAITING])
def test_nothing_but_failures(execute_here, sqlite: Database, name: str) -> None:
    add_run(sqlite, outcome="failed")
    answer, *_ = execute_here(name, VIEWER)
    assert {CLUSTER: "1 of 1", COMPARE: "nothing to compare it with", WAITING: "Nobody waits"}[name] in answer
