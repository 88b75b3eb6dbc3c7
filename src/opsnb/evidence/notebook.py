"""A notebook that repeats the investigation of one operation at a fixed moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from opsnb.errors import BadInput
from opsnb.evidence.files import write_whole
from opsnb.text import moment

if TYPE_CHECKING:
    from opsnb.ops import Ops

PARAMETERS = """# None for the present, and for the database of the settings.
run_id = {run_id}
as_of = {as_of!r}
database = None"""
STEPS = (
    (
        "## What happened\n\nIts life, every act on it, and what became of its retries, oldest first.",
        "import opsnb\nfrom IPython.display import Markdown\nfrom opsnb import analysis\n\n"
        "ops = opsnb.connect(database, now=as_of)\nrun = ops.run(run_id)\nrun",
    ),
    ("", "analysis.show(analysis.history(run), rows=50)"),
    (
        "## Failures like it\n\nThe groups of failures of its type in the last 7 days: one with many tenants is no"
        " fault of one of them.",
        "ops.failure_groups(type=[run.type], limit=10)",
    ),
    (
        "## What happened just before\n\nThe operations of its type that were created before it, newest first.",
        "ops.runs(type=[run.type], after=run.cursor, limit=10)",
    ),
    (
        "## What was different this time\n\nBeside the last success of its type and tenant; secrets are masked.",
        "pair = analysis.pair(ops, run_id)\nMarkdown(pair.said)",
    ),
    ("", "analysis.show(analysis.timings(pair))"),
    ("", "analysis.show(analysis.differences(pair, ops.masker.mask), rows=40)"),
    (
        "## Evidence\n\nWhat a ticket can refer to: `.save()` writes the file.",
        "ops.evidence(run_id)",
    ),
    ("## Findings\n\nWhat it was, what was done, and what is left to do.", ""),
)


def write(ops: Ops, run_id: int, path: str | Path | None = None) -> Path:
    """Write the notebook of an operation that the actor of `ops` may see; see `opsnb.Ops.incident_notebook`."""
    run = ops.run(run_id)
    number, now = run.row.id, run.as_of
    place = Path(path) if path is not None else Path(f"incident-{number}-{now:%Y-%m-%d}.ipynb")
    text = json.dumps(_notebook(number, now.isoformat(), moment(now)), indent=1, ensure_ascii=False) + "\n"
    try:
        write_whole(place, text.encode(), "xb")
    except FileExistsError:
        raise BadInput(f"{place} is there already; name another path, or go on in that notebook.") from None
    except OSError as error:
        raise BadInput(f"The notebook cannot be written to {place}: {error.strerror}.") from error
    return place


def _notebook(number: int, as_of: str, said: str) -> Any:
    make: Any = nbformat.v4
    parameters = make.new_code_cell(PARAMETERS.format(run_id=number, as_of=as_of), metadata={"tags": ["parameters"]})
    cells = [make.new_markdown_cell(f"# Operation #{number}, as of {said}"), parameters]
    for words, source in STEPS:
        cells += [make.new_markdown_cell(words)] if words else []
        cells += [make.new_code_cell(source)] if source else []
    for place, cell in enumerate(cells):  # numbers in place of random ids: the same file for the same moment
        cell["id"] = f"step-{place}"
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return make.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
