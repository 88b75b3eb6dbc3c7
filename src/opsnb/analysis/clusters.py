"""Where failures cluster: which groups of runs fail more than all others, beyond what chance explains."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from opsnb.analysis.gather import Sample, gather, trouble
from opsnb.analysis.show import code, percent, plain
from opsnb.queries.fingerprints import NO_TEXT, shape

if TYPE_CHECKING:
    from opsnb.ops import Ops

# Every tenant and hour is one more chance of a fluke. Three standard deviations leave one in some 700 groups, and
# most groups are too small to count: fewer failures than a handful are no cluster.
DEVIATIONS = 3.0
FEW = 5
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _place(name: str, missing: str) -> Callable[[pd.DataFrame], pd.Series]:
    def keys(frame: pd.DataFrame) -> pd.Series:
        numbers, names = frame[f"{name}_id"], frame[name]
        numbered = "#" + numbers.astype("string")
        namesakes = numbers.groupby(names).transform("nunique") > 1
        labels = names.where(~namesakes, names + " " + numbered).fillna(numbered)
        return labels.fillna(missing)

    return keys


def _hours(form: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: frame["created_at"].dt.strftime(form).astype("string").fillna("unknown")


GROUPS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "tenant": _place("tenant", "Platform"),
    "workspace": _place("workspace", "unknown"),
    "initiator": lambda frame: frame["initiator_name"].fillna("nobody"),
    "type": lambda frame: frame["label"],
    "hour": _hours("%Y-%m-%d %H:00 UTC"),
    "hour of day": _hours("%H:00 UTC"),
}


def clusters(runs: pd.DataFrame, by: str) -> pd.DataFrame:
    """Group finished runs and count the failed ones, most failures first; groups without any are left out.

    Parameters
    ----------
    runs
        Rows of ``ops.runs(status="completed")``.
    by
        One of `GROUPS`; hours are those of created_at, in UTC.

    Returns
    -------
    DataFrame
        By group: `runs`, `failed`, `failing` (share of its runs that failed, 0 to 1) and `elsewhere` (the same share
        of all other runs; missing where there are none).
    """
    failed = runs["outcome"].eq("failed").fillna(False).astype("int64")
    grouped = failed.groupby(GROUPS[by](runs).rename(by))
    table = pd.DataFrame({"runs": grouped.size(), "failed": grouped.sum()})
    others = len(runs) - table["runs"]
    table["failing"] = table["failed"] / table["runs"]
    table["elsewhere"] = (failed.sum() - table["failed"]) / others.where(others > 0)
    return table[table["failed"] > 0].sort_values(["failed", "failing"], ascending=False, kind="stable")


def error_clusters(failures: pd.DataFrame) -> pd.DataFrame:
    """Group failures by their error text, most frequent first; numbers and identifiers in it do not count.

    Returns
    -------
    DataFrame
        By error: `failed`, `share` (of all failures, 0 to 1), the newest one's number as `example`, and when it and
        the oldest were created, as `last` and `first` (tz-aware UTC).
    """
    texts = [shape(text) for text in failures["error"]]
    grouped = failures.groupby(pd.Series(texts, failures.index, dtype="string", name="error"))
    table = pd.DataFrame(
        {
            "failed": grouped.size(),
            "share": grouped.size() / max(len(failures), 1),
            "example": "#" + grouped["id"].first().astype("string"),
            "first": grouped["created_at"].min(),
            "last": grouped["created_at"].max(),
        }
    )
    return table.sort_values("failed", ascending=False, kind="stable")


def most_failing(ops: Ops, since: str | None = None) -> str | None:
    """Give the type with the most failures since `since`, None where nothing failed or nothing may be seen."""
    counts = gather(ops.failures, since=since).frame["type"].value_counts()
    return str(counts.index[0]) if len(counts) else None


def where(ops: Ops, type_: str | None, since: str | None, runs: Sample, failures: Sample) -> str:
    """Say in Markdown where the failures of a type cluster.

    Parameters
    ----------
    type_
        None for all types.
    since
        As it was given to the lists; None for no bound.
    runs, failures
        The type's finished runs, and its failures.
    """
    if said := trouble(ops, type_, runs, failures):
        return plain(said)
    found = [_summary(ops, type_, since, runs.frame), *_findings(runs.frame), _errors(failures.frame), runs.note]
    return "\n\n".join(line for line in found if line)


def _summary(ops: Ops, type_: str | None, since: str | None, runs: pd.DataFrame) -> str:
    what = f"operations of type {code(ops.catalog.label(type_))}" if type_ else "operations"
    failed = int(runs["outcome"].eq("failed").sum())
    if not failed:
        return f"**None of {len(runs):,} finished {what} failed** {_window(since)}."
    share = percent(failed / len(runs))
    return f"**{failed:,} of {len(runs):,} finished {what} failed ({share})** {_window(since)}.{_streak(runs)}"


def _window(since: str | None) -> str:
    if not since:
        return "in all that is recorded"
    span = re.fullmatch(r"\s*(\d+)\s*([smhdw])\s*", since)
    return f"in the last {span[1]} {_UNITS[span[2]]}" if span else f"since {code(since)}"


def _streak(runs: pd.DataFrame) -> str:
    succeeded = runs["outcome"].ne("failed").fillna(True).to_numpy()
    streak = int(succeeded.argmax()) if succeeded.any() else len(runs)
    return f" The newest {streak:,} of them all failed." if streak > 1 else ""


def _findings(runs: pd.DataFrame) -> list[str]:
    if not runs["outcome"].eq("failed").any():
        return []
    found = [(by, peak) for by in ("tenant", "workspace", "hour", "hour of day") if (peak := _peak(runs, by))]
    if not found:
        return ["No tenant, workspace or hour stands out: look at what all of them share."]
    lines = [f"- {by} {code(key)}: {text}" for by, (key, text) in found]
    return ["They cluster by\n\n" + "\n".join(lines)]


def _peak(runs: pd.DataFrame, by: str) -> tuple[str, str] | None:
    table = clusters(runs, by)
    share = runs["outcome"].eq("failed").mean()
    spread = (share * (1 - share) * (1 / table["runs"] + 1 / (len(runs) - table["runs"]))) ** 0.5
    table["deviations"] = (table["failing"] - table["elsewhere"]) / spread
    table = table[(table["failed"] >= FEW) & (table["deviations"] >= DEVIATIONS)]
    if table.empty:
        return None
    peak = table.nlargest(1, "deviations").iloc[0]
    shares = f"{percent(peak['failing'])} of its runs failed, against {percent(peak['elsewhere'])} elsewhere"
    return str(peak.name), f"{int(peak['failed']):,} failures; {shares}"


def _errors(failures: pd.DataFrame) -> str:
    table = error_clusters(failures)
    if table.empty:
        return ""
    count = int(table["failed"].iloc[0])
    if table.index[0] == NO_TEXT:
        return (
            f"{count:,} of {len(failures):,} failures carry no error text: compare one of them with its last success."
        )
    return f"The most frequent error, in {count:,} of {len(failures):,} failures, is {code(table.index[0])}."
