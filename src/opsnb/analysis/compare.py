"""A failed run beside the last success of its kind: what was different this time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from opsnb.analysis.gather import Sample, gather
from opsnb.analysis.show import code, plain
from opsnb.errors import OpsnbError
from opsnb.queries.filters import PLATFORM
from opsnb.queries.frames import frame
from opsnb.queries.run import Run
from opsnb.queries.timeline import Event
from opsnb.text import duration, one_line

if TYPE_CHECKING:
    from opsnb.ops import Ops

USUAL = 50
ABSENT = "—"


class Pair(NamedTuple):
    """A run and what it is compared with.

    `run` is None where there is nothing to look at, `success` where nothing of its kind succeeded; `successes` are
    up to `USUAL` successes like it, newest first; `said` sums up in Markdown.
    """

    run: Run | None
    success: Run | None
    successes: Sample
    said: str


def pair(ops: Ops, run_id: int | None = None) -> Pair:
    """Find a run (None: the newest failure) and the last success of its type and tenant before it.

    Where its tenant had none, one of any tenant is taken, and where none came before it, one that came after.
    What opsnb refuses is said in `Pair.said`.
    """
    nothing = Sample(frame([]))
    try:
        run_id = _newest_failure(ops) if run_id is None else run_id
        if run_id is None:
            return Pair(None, None, nothing, "No operation failed: there is nothing to compare.")
        run = ops.run(run_id)
        successes = _successes(ops, run)
        success = ops.run(int(successes.frame["id"].iloc[0])) if len(successes.frame) else None
        return Pair(run, success, successes, _said(run, success))
    except OpsnbError as error:
        return Pair(None, None, nothing, plain(error))


def _newest_failure(ops: Ops) -> int | None:
    return next((row.id for row in ops.failures(limit=1).rows), None)


def _successes(ops: Ops, run: Run) -> Sample:
    tenant = PLATFORM if run.row.tenant_id is None else run.row.tenant_id
    found = Sample(frame([]))
    for like in ({"tenant": tenant, "until": run.row.created_at}, {"until": run.row.created_at}, {}):
        found = gather(ops.runs, limit=USUAL, type=[run.row.type], outcome="succeeded", **like)
        if len(found.frame):
            break
    return found


def _said(run: Run, success: Run | None) -> str:
    where = f"tenant {code(run.row.tenant or run.row.tenant_id)}" if run.row.tenant_id is not None else "the platform"
    failed = (run.row.status, run.row.outcome) == ("completed", "failed")
    verb = "failed" if failed else f"did not fail: it is {code(run.row.status)}, {code(run.row.outcome)}"
    said = [f"**Operation #{run.row.id}** ({code(run.row.label)}, {where}) **{verb}**."]
    if run.row.error:
        said.append(f"It says {code(one_line(run.row.error))}.")
    said.append(_beside(run, success))
    return " ".join(said)


def _beside(run: Run, success: Run | None) -> str:
    if success is None:
        return "No operation of this type has ever succeeded here, so there is nothing to compare it with."
    here, there = run.row, success.row
    other = "" if here.tenant_id == there.tenant_id else ", of another tenant, for want of one of its own"
    if here.created_at is None or there.created_at is None:
        return f"It is compared with Operation #{there.id}{other}."
    when = "before" if there.created_at < here.created_at else "after"
    span = duration(abs(here.created_at - there.created_at))
    return f"It is compared with Operation #{there.id}{other}, the last success, created {span} {when} it."


def timings(pair: Pair) -> pd.DataFrame:
    """Set the phases of both runs beside what is usual: the median of `Pair.successes`.

    Returns
    -------
    DataFrame
        By phase (queued, ran): one column a run and `usual`, all ``timedelta``; missing where unknown.
    """
    if pair.run is None:
        return pd.DataFrame(index=pd.Index([], name="phase"))
    columns: dict[str, list[Any]] = {f"#{pair.run.row.id}": list(pair.run.timing)}
    if pair.success:
        columns[f"#{pair.success.row.id}, succeeded"] = list(pair.success.timing)
    times = pair.successes.frame
    queued, ran = times["started_at"] - times["created_at"], times["completed_at"] - times["started_at"]
    columns[f"usual of {len(times)}"] = [queued.median(), ran.median()]
    index = pd.Index(["queued for", "ran for"], name="phase")
    return pd.DataFrame(columns, index=index, dtype="timedelta64[us]")


def differences(pair: Pair, mask: Callable[[Any], Any]) -> pd.DataFrame:
    """Set the contexts of a pair beside each other; see `context_diff`."""
    if pair.run is None or pair.success is None:
        return context_diff({}, {}, mask)
    names = (f"#{pair.run.row.id}", f"#{pair.success.row.id}, succeeded")
    return context_diff(pair.run.context, pair.success.context, mask, names)


def context_diff(
    run: Mapping[str, Any],
    other: Mapping[str, Any],
    mask: Callable[[Any], Any] = lambda value: value,
    names: tuple[str, str] = ("this run", "the other"),
) -> pd.DataFrame:
    """Set two contexts beside each other where they differ; what triage wrote is left out.

    Parameters
    ----------
    mask
        Gives the value as it may be shown: ``ops.masker.mask``. Values are compared unmasked, so a changed secret is
        listed, and shown as two masks.
    names
        Column heads.

    Returns
    -------
    DataFrame
        By path (``error.message``, ``hosts[2]``), in the contexts' own order: the two values as JSON text, or a dash
        where a key is absent.
    """
    sides = [_leaves(context, mask) for context in (run, other)]
    paths = dict.fromkeys((*sides[0], *sides[1]))
    missing = ("", ABSENT)
    differing = [path for path in paths if sides[0].get(path, missing)[0] != sides[1].get(path, missing)[0]]
    columns = {
        name: [side.get(path, missing)[1] for path in differing] for name, side in zip(names, sides, strict=True)
    }
    return pd.DataFrame(columns, index=pd.Index(differing, name="context", dtype="object"), dtype=object)


def _leaves(context: Mapping[str, Any], mask: Callable[[Any], Any]) -> dict[str, tuple[str, str]]:
    # As JSON text, because 1 equals True in Python and not for a worker.
    work = {key: value for key, value in context.items() if key != "triage"}
    return {
        path: (json.dumps(value, sort_keys=True), _json(shown)) for path, value, shown in _walk("", work, mask(work))
    }


def _walk(path: str, value: Any, shown: Any) -> Iterator[tuple[str, Any, Any]]:
    """Walk down as far as the mask lets the same structure be seen."""
    match value, shown:
        case dict(), dict() if value:
            for item, (key, seen) in zip(value.values(), shown.items(), strict=True):
                yield from _walk(f"{path}.{key}" if path else key, item, seen)
        case list(), list() if value:
            for place, (item, seen) in enumerate(zip(value, shown, strict=True)):
                yield from _walk(f"{path}[{place}]", item, seen)
        case _ if path:
            yield path, value, shown


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def history(run: Run | None) -> pd.DataFrame:
    """Give what happened on a run and on the retries around it, oldest first.

    Returns
    -------
    DataFrame
        By time (tz-aware UTC): the operation's number, and what happened in words.
    """
    if run is None:
        return pd.DataFrame(index=pd.Index([], name="when"))
    rows = [(event.at, _whose(event, run), event.text) for event in run.timeline()]
    index = pd.Index([pd.Timestamp(at) if at else None for at, _, _ in rows], name="when", dtype=object)
    return pd.DataFrame([row[1:] for row in rows], index=index, columns=["operation", "what"])


def _whose(event: Event, run: Run) -> str:
    return f"#{event.run_id if event.kind == 'lineage' else run.row.id}"
