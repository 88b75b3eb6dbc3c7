#!/usr/bin/env python3
"""Let many viewers look at a demo served by ``opsnb serve``, each a user of their own, and print what it cost.

``benchmarks/viewers.py`` lets 20 look for five minutes; ``--cap`` sends 200 against room for 20.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.crowd import Report, Sample, look, people, serving_crowd, wait_for_ends, weigh

MOST, SHOWN = 20, 3000  # errors, and characters of each


def main() -> int:
    """Run, print, and fail where anything went wrong."""
    told = _told()
    crowd = people(told.viewers)
    with tempfile.TemporaryDirectory() as folder, serving_crowd(Path(folder), crowd, *_limits(told)) as server:
        before = weigh(server)
        report = asyncio.run(look(server, crowd, told.seconds, told.think))
        wait_for_ends(server, report)
        after = weigh(server)
        unforeseen = [part[:SHOWN] for part in server.log.split("Traceback")[1:]]
    _machine()
    _times(report)
    _memory(report, before.server, after.server, len(after.kernels))
    _outcome(report, len(crowd), unforeseen)
    return bool(report.errors or unforeseen)


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cap", action="store_true", help="many against few seats: 200 viewers, 20 kernels, 90 s")
    parser.add_argument("--viewers", type=int, help="how many at once")
    parser.add_argument("--seconds", type=float, help="for how long")
    parser.add_argument("--think", type=float, default=2, help="mean seconds between two clicks (default: %(default)s)")
    parser.add_argument("--max-kernels", type=int, help="as for opsnb serve")
    told = parser.parse_args()
    usual = {"viewers": 200, "seconds": 90, "max_kernels": 20} if told.cap else {"viewers": 20, "seconds": 300}
    for name, value in usual.items():
        setattr(told, name, getattr(told, name) or value)
    return told


def _limits(told: argparse.Namespace) -> list[str]:
    return [f"--max-kernels={told.max_kernels}"] if told.max_kernels else []


def _machine() -> None:
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    _say(f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}; load {load}")


def _times(report: Report) -> None:
    _say(f"{'':10}{'number':>8}{'p50 ms':>9}{'p95 ms':>9}")
    for what in report.times:
        number, half, most = report.percentiles(what)
        _say(f"{what:10}{number:8}{half * 1000:9.0f}{most * 1000:9.0f}")


def _memory(report: Report, before: float, after: float, left: int) -> None:
    kernels = [size for sample in report.samples for size in sample.kernels]
    most = max(len(sample.kernels) for sample in report.samples)
    peak = max(sample.server for sample in report.samples)
    _say(f"kernels: {most} at once, each {median(kernels):.0f} MB (most {max(kernels):.0f}); {left} at the end")
    quarters = [median(sample.server for sample in part) for part in _quarters(report)]
    _say(f"server: {before:.0f} MB at the start, most {peak:.0f}, {after:.0f} at the end;"
         f" in the quarters of the run {', '.join(f'{size:.0f}' for size in quarters)}")  # fmt: skip


def _quarters(report: Report) -> list[list[Sample]]:
    size = max(1, len(report.samples) // 4)
    return [report.samples[at : at + size] for at in range(0, 4 * size, size) if report.samples[at : at + size]]


def _outcome(report: Report, number: int, unforeseen: list[str]) -> None:
    _say(f"{report.served.total()} pages for {len(report.served)} of {number} viewers")
    _say(f"{report.refused.total()} polite refusals, {len(report.errors)} errors, {len(unforeseen)} tracebacks logged")
    for text in (*report.errors[:MOST], *unforeseen[:MOST]):
        _say(f"  {text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
