"""The dates of `scripts/other-days`, and what it says when it cannot run."""

import runpy
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "other-days"


@pytest.mark.parametrize(
    ("date", "now", "then"),
    [
        ("+40d", "2026-11-30T10:20", "2027-01-09T10:20"),
        ("leap-day", "2026-11-30T10:20", "2028-02-29T12:00"),
        ("leap-day", "2096-03-01T00:00", "2104-02-29T12:00"),
        ("spring-forward", "2026-11-30T10:20", "2027-03-28T01:05"),
        ("fall-back", "2026-11-30T10:20", "2027-10-31T01:05"),
        ("fall-back", "2027-10-30T23:59", "2027-10-31T01:05"),
    ],
)
def test_each_date_comes_after_now(date: str, now: str, then: str) -> None:
    dates = runpy.run_path(str(SCRIPT))["DATES"]
    assert dates[date](datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(then + "Z")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "faketime is missing; on Debian and Ubuntu install it with: apt-get install faketime"),
        (
            ["+9d"],
            "+9d is neither a test path nor one of the dates +8d, +40d, +400d, leap-day, spring-forward, fall-back.",
        ),
    ],
)
def test_it_says_in_one_sentence_why_it_cannot_run(words: list[str], sentence: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, *words], env={"PATH": str(tmp_path)}, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"scripts/other-days: {sentence}\n")
