"""One operation, and what happened on it, against the same three questions by the raw driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import raw
from benchmarks.bench import KINDS, Bench
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from opsnb.ops import Ops

TITLE = "an operation's detail, and its timeline with lineage"


def run(bench: Bench) -> Iterator[Row]:
    """Measure on a failed run out of the middle that was retried, and that is no retry itself."""
    for kind in KINDS:
        ops = bench.ops(kind)
        number = _retried(ops, kind)
        run = ops.run(number)
        assert len(run.lineage()) > 1
        one, retries, audit = (raw.pooled(ops, text) for text in statements(kind, number))
        took = interleave({"run": lambda ops=ops, number=number: ops.run(number), "raw": one,
                           "timeline": run.timeline, "raw timeline": _both(retries, audit)})  # fmt: skip
        yield Row(f"{kind}.run", f"{kind} detail", took["run"], "raw driver, same pool", took["raw"], at_most(1.5))
        yield Row(f"{kind}.timeline", f"{kind} timeline and lineage", took["timeline"], "raw driver, same pool",
                  took["raw timeline"], at_most(1.5))  # fmt: skip


def _both(first: Callable[[], Any], second: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: (first(), second())


def _retried(ops: Ops, kind: str) -> int:
    key = raw.RETRY_OF[kind].format("r.")
    number = "CAST(" + key + " AS bigint)"
    text = (
        f"SELECT p.id FROM (SELECT {number} AS parent FROM operation_runs r WHERE {key} IS NOT NULL ORDER BY {key}"
        f" LIMIT 200) AS found JOIN operation_runs p ON p.id = found.parent"
        f" WHERE {raw.RETRY_OF[kind].format('p.')} IS NULL ORDER BY p.id LIMIT 1"
    )
    return int(raw.pooled(ops, text)()[0][0])


def statements(kind: str, number: int) -> tuple[str, str, str]:
    """Write the run with the names of its places, its tree of retries, and its audit."""
    text = "context" if kind == "sqlite" else "CAST(context AS text)"
    parent = raw.RETRY_OF[kind].format("n.")
    columns = "n.id, n.status, n.outcome, n.created_at, n.started_at, n.completed_at"
    step = f"{parent} IS NOT NULL AND {parent} = '' || CAST(tree.id AS TEXT)"
    join = {
        "postgresql": f"tree CROSS JOIN LATERAL (SELECT {columns} FROM operation_runs n WHERE {step} LIMIT 50) n",
        "sqlite": f"tree JOIN operation_runs n ON n.id IN (SELECT n.id FROM operation_runs n WHERE {step})",
    }[kind]
    return (
        f"SELECT {raw.COLUMNS}, r.{text}, w.name, t.name FROM operation_runs r"
        " LEFT JOIN workspaces w ON w.id = r.workspace_id LEFT JOIN tenants t ON t.id = r.tenant_id"
        f" WHERE r.id = {number}".replace("r.CAST(context", "CAST(r.context"),
        f"WITH RECURSIVE tree AS (SELECT {columns} FROM operation_runs n WHERE n.id = {number}"
        f" UNION ALL SELECT {columns} FROM {join}) SELECT * FROM tree LIMIT 50",
        "SELECT id, action, status, actor_name, actor_email, metadata, recorded_at FROM audit_logs"
        f" WHERE resource_type = 'operation_run' AND resource_id = {number} ORDER BY resource_type DESC,"
        " resource_id DESC, id DESC LIMIT 201",
    )
