"""Every filter of the lists, alone and in pairs, for what is common, rare and absent, against the unfiltered page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import combinations
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.bench import KINDS, Bench
from benchmarks.history import ABSENT, COMMON, NOW, RARE
from benchmarks.measure import interleave
from benchmarks.rows import Row, at_most
from opsnb.errors import DatabaseUnavailable
from opsnb.links import Page
from opsnb.ops import Ops
from opsnb.settings import Settings

TITLE = "filters alone and in pairs, against the unfiltered page"
SLOW, HOPELESS, ALLOWED, SHOWN = 0.1, 1.5, 10, 12  # seconds, seconds, times, rows

Ask = Callable[[], Any]
_WORDS = {"search rare", "search absent"}
_LED = ("rare", "absent", "since 1 h")


def choices() -> dict[str, tuple[str, dict[str, Any]]]:
    """Give for each choice the filter that it sets, and how."""
    named = {
        f"{often} {name}": (name, {name: values[name]})
        for name in ("type", "tenant", "workspace", "initiator")
        for often, values in (("common", COMMON), ("rare", RARE), ("absent", ABSENT))
    }
    more: dict[str, dict[str, Any]] = {
        "platform": {"tenant": "-"},
        **{f"status {word}": {"status": word} for word in ("queued", "running", "completed")},
        **{f"outcome {word}": {"outcome": word} for word in ("succeeded", "failed", "blocked", "pending")},
        "since 1 h": {"since": "1h"},
        "since 30 d": {"since": "30d"},
        "until 90 d": {"until": NOW - timedelta(days=90)},
        "search common": {"search": "sync"},
        "search rare": {"search": "rare"},
        "search absent": {"search": "zzzz"},
        "search number": {"search": "#4242"},
        "unhandled": {"unhandled": True},
    }
    return named | {what: (next(iter(wanted)), wanted) for what, wanted in more.items()}


def combined() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every choice alone, and every pair of two filters; of pairs with words only those that can be quick.

    What no index leads to is read through, up to the time limit, and nothing is learned from doing so a hundred times.
    """
    chosen = choices()
    yield from ((what, wanted) for what, (_, wanted) in chosen.items())
    for (one, (name, wanted)), (other, (next_name, more)) in combinations(chosen.items(), 2):
        quick = one.startswith(_LED) or other.startswith(_LED) or not {one, other} & _WORDS
        if name != next_name and quick and {name, next_name} != {"since", "until"}:
            yield f"{one}, {other}", wanted | more


def run(bench: Bench) -> Iterator[Row]:
    """Measure all on the list of runs, and each alone on the others; print the worst."""
    for kind in KINDS:
        ops = bench.ops(kind, settings=Settings(statement_timeout=timedelta(seconds=2)))
        for page in Page.RUNS, Page.FAILURES, Page.STUCK:
            yield from _on(kind, ops, page)


def _on(kind: str, ops: Ops, page: Page) -> Iterator[Row]:
    plain = partial(ops.read_list, page)
    wanted = [one for one in combined() if page is Page.RUNS or "," not in one[0]]
    took = sorted((_Took(what, *_times(plain, partial(plain, **values))) for what, values in wanted), key=_ratio)
    missed = sum(_ratio(one) > ALLOWED for one in took)
    for what, time, base in took[: -max(3, min(missed, SHOWN)) - 1 : -1]:
        key = f"{kind}.{page}.{what.replace(', ', '+').replace(' ', '-')}"
        yield Row(key, f"{kind} {page}: {what}", time, "no filter", base, at_most(ALLOWED))
    _, time, base = took[len(took) // 2]
    yield Row(f"{kind}.{page}.median", f"{kind} {page}: median of {len(took)}", time, "no filter", base,
              note=f"{len(took) - missed} of {len(took)} within {ALLOWED} times the unfiltered page")  # fmt: skip


class _Took(NamedTuple):
    what: str
    time: float
    base: float


def _ratio(took: _Took) -> float:
    return took.time / took.base


def _times(plain: Ask, ask: Ask) -> tuple[float, float]:
    """Give the medians in milliseconds, in turns with the unfiltered page; what is slow is asked once more at most."""
    first = _once(ask)
    if first > SLOW:
        again = first if first > HOPELESS else _once(ask)
        return again * 1000, interleave({"plain": plain}, seconds=0, least=5)["plain"]
    # Once more between them: what has just been looked through has left nothing of the page in the processor's cache.
    both = interleave({"one": ask, "between": plain, "plain": plain}, seconds=0, least=5)
    return both["one"], both["plain"]


def _once(ask: Ask) -> float:
    start = perf_counter()
    with suppress(DatabaseUnavailable):  # it ran into the time limit
        ask()
    return perf_counter() - start
