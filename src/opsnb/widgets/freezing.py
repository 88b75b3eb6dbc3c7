"""The evidence of an operation on its way to a browser, which saves it as a file."""

from __future__ import annotations

from collections.abc import Callable

from opsnb.ops import Ops
from opsnb.widgets.view import View, sentence

HandOver = Callable[[View], None]


def freeze(ops: Ops, run_id: int) -> HandOver:
    """Read the evidence of an operation, beside the event loop; give what hands it, or why there is none, to a page."""
    try:
        made = ops.evidence(run_id)
    except Exception as error:  # noqa: BLE001  whatever it is, it is told where the evidence was asked for
        message = sentence(error)
        return lambda page: page.failed(message)
    told = {"type": "evidence", "id": str(run_id), "name": made.name, "sha256": made.sha256}
    return lambda page: page.send(told, [made.data])
