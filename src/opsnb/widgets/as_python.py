"""What is on screen as a line of Python, which gives the same in a notebook."""

from __future__ import annotations

from collections.abc import Mapping

from IPython import get_ipython

from opsnb.bounds import parse_id
from opsnb.links import Page
from opsnb.ops import Ops
from opsnb.place import under_voila
from opsnb.queries.filters import NAMES
from opsnb.settings import Settings

CURSORS = ("after", "before")


def list_as_python(ops: Ops, page: Page, query: Mapping[str, str]) -> str:
    """Write the page of a list that `query`, of its address, asks for, as a DataFrame."""
    wanted = [f"{name}={_literal(name, query[name])}" for name in (*NAMES, *CURSORS) if query.get(name)]
    size = ops.settings.page_size
    limit = [f"limit={size}"] if size != Settings.page_size else []
    return _on(ops, f"{page}({', '.join([*wanted, *limit])}).to_frame()")


def run_as_python(ops: Ops, run_id: int) -> str:
    """Write one operation."""
    return _on(ops, f"run({run_id})")


def _literal(name: str, text: str) -> str:
    """Write a filter's value; text of unknown origin is quoted and escaped, so that it cannot leave its argument."""
    if name == "unhandled" and text in ("true", "false"):
        return text.title()
    number = parse_id(text[1:]) if name in ("workspace", "tenant") and text.startswith("#") else None
    return repr(text) if number is None else str(number)


def _on(ops: Ops, call: str) -> str:
    """Call it on what the notebook has; where a line is taken elsewhere, on a connection of its own."""
    name = None if under_voila() else _name_of(ops)
    if name:
        return f"{name}.{call}"
    return f"import opsnb\n\nops = opsnb.connect()\nops.{call}"


def _name_of(ops: Ops) -> str | None:
    shell = get_ipython()
    names = shell.user_ns.items() if shell else ()
    return next((name for name, value in names if value is ops and not name.startswith("_")), None)
