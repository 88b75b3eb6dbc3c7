"""Medians of functions that take turns: what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

WARM = 3


def interleave(
    candidates: Mapping[str, Callable[[], Any]],
    *,
    seconds: float = 2.0,
    least: int = 15,
    most: int = 400,
    warm: int = WARM,
) -> dict[str, float]:
    """Run each candidate once a round and give its median time in milliseconds.

    Rounds go on for `seconds`, but at least `least` of them and at most `most`; every other one goes backwards, so that
    nobody always runs after the same one; before them each runs `warm` times. The
    garbage collector waits until a round is over.
    """
    for _ in range(warm):
        for call in candidates.values():
            call()
    times: dict[str, list[float]] = {name: [] for name in candidates}
    end, rounds = perf_counter() + seconds, 0
    while rounds < least or (rounds < most and perf_counter() < end):
        _round(candidates, times, backwards=rounds % 2 == 1)
        rounds += 1
    return {name: median(taken) * 1000 for name, taken in times.items()}


def _round(candidates: Mapping[str, Callable[[], Any]], times: dict[str, list[float]], *, backwards: bool) -> None:
    names = reversed(candidates) if backwards else iter(candidates)  # type: ignore[call-overload]
    gc.disable()
    try:
        for name in names:
            call = candidates[name]
            start = perf_counter()
            call()
            times[name].append(perf_counter() - start)
    finally:
        gc.enable()
