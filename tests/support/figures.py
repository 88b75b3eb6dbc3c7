"""A loaded history as pandas sees it: read from the tables as they are, with nothing of opsnb's queries."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import text

from opsnb.database import Database
from opsnb.models import as_utc
from opsnb.ops import Ops
from opsnb.queries.fingerprints import fingerprint, shape
from support.history import VIEWER, add_audit, add_runs, execute

SPANS = {"1h": "1h", "5h": "5h", "24h": "24h", "3d": "3D", "7d": "7D", "30d": "30D"}
MARK = json.dumps({"triage": {"investigated": {"by": "Mona", "reason": "known", "at": "2026-11-23T13:00:00Z"}}})
RUNS = (
    "SELECT r.*, CAST(r.context AS TEXT) AS document, t.name AS tenant"
    " FROM operation_runs r LEFT JOIN tenants t ON t.id = r.tenant_id"
)


def enliven(database: Database, now: datetime) -> None:
    """Let something run and wait at `now`, and let people have retried and investigated some of the failures."""
    kinds = _numbers(database, "SELECT DISTINCT type FROM operation_runs ORDER BY type")
    failed = _numbers(
        database, "SELECT id FROM operation_runs WHERE outcome = 'failed' ORDER BY created_at DESC, id DESC LIMIT 300"
    )
    ago = [now - timedelta(minutes=3 * n) for n in range(90)]
    add_runs(database, [
        {"status": ("running", "queued")[n % 3 == 0], "type": kinds[n % len(kinds)],
         "created_at": ago[n] - timedelta(seconds=5), "started_at": ago[n] if n % 3 and n % 5 else None}
        for n in range(90)
    ])  # fmt: skip
    retried = failed[1::6]
    retries = add_runs(database, [
        {"type": "tidy", "outcome": ("succeeded", "failed", "blocked")[n % 3], "created_at": ago[n],
         "completed_at": ago[n] + timedelta(minutes=3), "context": {"triage": {"retry_of_run_id": number}}}
        for n, number in enumerate(retried)
    ])  # fmt: skip
    add_runs(database, [{"created_at": ago[n], "context": {"triage": {"retry_of_run_id": number}}}
                        for n, number in enumerate(retries[1::6])])  # fmt: skip
    for n, (number, new) in enumerate(zip(retried, retries, strict=True)):
        add_audit(database, number, status=("success", "success", "refused")[n % 3], metadata={"new_run_id": new},
                  recorded_at=ago[n] - timedelta(minutes=1))  # fmt: skip
    for number in failed[::6]:
        execute(database, "UPDATE operation_runs SET context = :mark WHERE id = :id", mark=MARK, id=number)


def _numbers(database: Database, statement: str) -> list[Any]:
    return [row[0] for row in database.fetch(text(statement))]


class Figures:
    """What there is to be shown of a history at `now`.

    `runs` are all of them, newest first; `norms` gives by type what 95 % of its recent successes took at most, and of
    how many.
    """

    def __init__(self, database: Database, now: datetime) -> None:
        self.now = now
        self.ops = Ops(database, database.settings, VIEWER, False, lambda: now)
        self.runs = self._read(database)
        self.norms = self._usual()
        self.runs["stuck"] = self._stuck()

    def _read(self, database: Database) -> pd.DataFrame:
        frame = pd.DataFrame([row._asdict() for row in database.fetch(text(RUNS))])
        for name in ("created_at", "started_at", "completed_at"):
            times = pd.to_datetime(pd.Series(map(as_utc, frame[name]), dtype=object), utc=True)
            frame[name] = times.astype("datetime64[us, UTC]")
        context = frame["document"].map(json.loads)
        frame["error"] = context.map(_error)
        frame["label"] = frame["type"].map(self.ops.catalog.label)
        frame["failed"] = frame["status"].eq("completed") & frame["outcome"].eq("failed")
        texts = zip(frame["type"], frame["error"], strict=True)
        frame["group"] = [fingerprint(kind, shape(error)) for kind, error in texts]
        parent = context.map(lambda value: value.get("triage", {}).get("retry_of_run_id"))
        good = set(frame.loc[frame["status"].eq("completed") & frame["outcome"].eq("succeeded"), "id"])
        while more := set(parent[frame["id"].isin(good)].dropna()) - good:
            good |= more
        frame["handled"] = context.map(lambda value: "investigated" in value.get("triage", {})) | frame["id"].isin(good)
        return frame.sort_values(["created_at", "id"], ascending=False, ignore_index=True)

    def _usual(self) -> dict[str, tuple[pd.Timedelta, int]]:
        runs, found = self.runs, {}
        since = pd.Timestamp(self.now) - pd.Timedelta("30D")
        for kind, known in runs[runs["created_at"].ge(since) & runs["created_at"].lt(self.now)].groupby("type"):
            recent = known.head(300)
            good = recent["status"].eq("completed") & recent["outcome"].eq("succeeded")
            ordered = recent["created_at"].le(recent["started_at"]) & recent["started_at"].le(recent["completed_at"])
            done = recent[good & ordered & recent["completed_at"].le(self.now)]
            took = sorted(done["completed_at"] - done["started_at"])
            if len(took) >= self.ops.settings.norm_sample:
                found[kind] = took[math.ceil(0.95 * len(took)) - 1], len(took)
        return found

    def _stuck(self) -> pd.Series:
        runs, least = self.runs, pd.Timedelta(self.ops.settings.norm_floor)
        usual = {kind: max(2 * took, least).ceil("s") for kind, (took, _) in self.norms.items()}
        limit = pd.Series(map(self._limit, runs["status"], runs["type"]), dtype="timedelta64[us]")
        running = runs["status"].eq("running")
        norm = runs["type"].map(usual).where(running).astype("timedelta64[us]")
        longest = limit.where(~norm.lt(limit), norm)
        since = runs["started_at"].where(running & runs["started_at"].notna(), runs["created_at"])
        return longest.notna() & (self.now - runs["created_at"]).gt(longest) & (self.now - since).gt(longest)

    def _limit(self, status: str, type_: str) -> timedelta | None:
        rule = self.ops.classifier
        given = {"queued": (rule.queued, rule.queued_default), "running": (rule.running, rule.running_default)}
        by_type, default = given.get(status, ((), None))
        return dict(by_type).get(type_, default)

    def wanted(self, page: str, query: Mapping[str, str]) -> pd.DataFrame:
        """Give what a list shows, newest first."""
        runs = self.runs
        kept = {"runs": runs["id"].notna(), "failures": runs["failed"], "stuck": runs["stuck"]}[page].copy()
        for name, value in query.items():
            kept &= self._match(name, value)
        return runs[kept]

    def _match(self, name: str, value: str) -> pd.Series:
        runs = self.runs
        if name == "unhandled":
            return runs["failed"] & ~runs["handled"]
        if name in ("since", "until"):
            after = runs["created_at"].ge(self.time(value))
            return after if name == "since" else ~after
        if name == "search":
            texts = runs[["initiator_name", "type", "label", "tenant"]].fillna("")
            hit = texts.apply(lambda column: column.str.lower().str.contains(value.lower(), regex=False))
            return hit.any(axis=1) | runs["id"].astype(str).eq(value)
        if name in ("tenant", "workspace"):
            number = runs[f"{name}_id"]
            return number.isna() if value == "-" else number.eq(int(value))
        column = {"initiator": "initiator_name"}.get(name, name)
        wanted = value.split(",") if name in ("status", "outcome") else [value]
        return runs[column].isin(wanted) & (runs["failed"] | (name != "group"))

    def kinds(self, runs: pd.DataFrame) -> pd.Series:
        """Give what has become of each: its status while it lives, else its outcome."""
        return runs["status"].where(runs["status"].isin(["queued", "running"]), runs["outcome"])

    def time(self, value: str) -> pd.Timestamp:
        """Read a time, or a span before now."""
        return self.now - pd.Timedelta(SPANS[value]) if value in SPANS else pd.Timestamp(value)


def _error(context: Mapping[str, Any]) -> str | None:
    """Find what the default of `error_paths` finds in this history: the status and the last command, or the status."""
    status, last = context.get("status"), (context.get("commands") or [{}])[-1].get("cmd")
    return f"{status}: {last}"[:300] if isinstance(status, str) and isinstance(last, str) else status
