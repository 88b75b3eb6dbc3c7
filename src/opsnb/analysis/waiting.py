"""Who is waiting: queued and running operations, and whether anything moves at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from opsnb.analysis.clusters import GROUPS
from opsnb.analysis.gather import Sample, gather, trouble
from opsnb.analysis.show import code, plain
from opsnb.text import ago, duration

if TYPE_CHECKING:
    from opsnb.ops import Ops

RECENT = 200


def waiting(ops: Ops, type_: str | None = None) -> Sample:
    """Read what is queued or running, of one type or of all, the longest wait first.

    Returns
    -------
    Sample
        Its frame has the columns of a list, `stuck_class` filled where the classifier calls a run stuck, and `waits`:
        how long it has been in its status (``timedelta``; missing where its times are unknown).
    """
    live = gather(ops.runs, type=type_, status="queued,running")
    stuck = gather(ops.stuck, type=type_).frame.set_index("id")["stuck_class"]
    found = live.frame.assign(stuck_class=live.frame["id"].map(stuck))
    since = found["started_at"].where(found["status"] == "running").fillna(found["created_at"])
    found["waits"] = pd.Timestamp(ops.now()) - since
    return replace(live, frame=found.sort_values("waits", ascending=False, kind="stable"))


def waiting_by(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count by group (`opsnb.analysis.clusters.GROUPS`) what `waiting` found, the longest wait first.

    Returns
    -------
    DataFrame
        By group: how many are `queued`, `running` and `stuck`, and the `longest` wait (``timedelta``).
    """
    marks = pd.DataFrame(
        {
            "queued": frame["status"].eq("queued").astype("int64"),
            "running": frame["status"].eq("running").astype("int64"),
            "stuck": frame["stuck_class"].notna().astype("int64"),
        }
    )
    keys = GROUPS[by](frame).rename(by)
    table = marks.groupby(keys).sum().assign(longest=frame["waits"].groupby(keys).max())
    return table.sort_values("longest", ascending=False, kind="stable")


def oldest(frame: pd.DataFrame) -> pd.DataFrame:
    """Give what `waiting` found by operation, as a person reads it, the longest wait first."""
    columns = {
        "type": frame["label"],
        "tenant": GROUPS["tenant"](frame),
        "status": frame["status"],
        "waits": frame["waits"],
        "stuck": frame["stuck_class"],
    }
    return pd.DataFrame(columns).set_index(("#" + frame["id"].astype("string")).rename("operation"))


def who_waits(ops: Ops, type_: str | None, found: Sample) -> str:
    """Say in Markdown who waits, how long, and when an operation last started."""
    if said := trouble(ops, type_, found):
        return plain(said)
    lines = [_who(found.frame), _stuck(found.frame), _movement(ops, type_), found.note]
    return "\n\n".join(line for line in lines if line)


def _who(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "**Nobody waits:** no operation is queued or running."
    counts = frame["status"].value_counts()
    first = frame.iloc[0]
    longest = f" The longest wait is that of Operation #{first['id']} ({code(first['label'])})"
    longest += f": {duration(first['waits'])}." if pd.notna(first["waits"]) else ", of unknown length."
    return f"**{counts.get('queued', 0):,} queued, {counts.get('running', 0):,} running.**{longest}"


def _stuck(frame: pd.DataFrame) -> str:
    stuck = frame["stuck_class"].dropna()
    if frame.empty or stuck.empty:
        return "" if frame.empty else "None of them is stuck."
    first = frame.loc[stuck.index[0]]
    return f"**{len(stuck):,} of them stuck**, first of all Operation #{first['id']}: {code(stuck.iloc[0])}."


def _movement(ops: Ops, type_: str | None) -> str:
    starts = gather(ops.runs, limit=RECENT, type=type_).frame["started_at"]
    now = pd.Timestamp(ops.now())
    last = starts[starts <= now].max()
    if pd.isna(last):
        return f"None of the newest {RECENT} operations has started yet."
    return f"An operation last started {ago(last.to_pydatetime(), now.to_pydatetime())}."
