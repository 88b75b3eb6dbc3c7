"""How lines of the server's log are written."""

import json
import logging
from pathlib import Path

import pytest

from opsnb.errors import BadInput
from opsnb.serve.hearing import Hearing
from opsnb.serve.logs import JSONLines, TextLines
from opsnb.serve.reporting import MARK, Reporter, ReportHandler, Seldom
from opsnb.serve.traces import trace

FORGED = "one\n2026-01-01 INFO forged\r\x1b[2J\x85\u2028\x1etwo\ud800"


def record(text: str = FORGED, error: BaseException | None = None, **told: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "opsnb", "levelname": "INFO", "msg": text, **told})
    made.exc_info = (type(error), error, error.__traceback__) if error else None
    return made


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_json_is_one_line_whatever_was_said() -> None:
    line = JSONLines().format(record(user="ada\n", status=200))
    assert line.isascii()
    assert len(line.splitlines()) == 1
    told = json.loads(line)
    assert (told["message"], told["user"], told["status"], told["level"]) == (FORGED, "ada\n", 200, "INFO")
    assert "kernel" not in told


def test_text_begins_no_line_that_was_not_said_by_the_server() -> None:
    first, *more = TextLines().format(record(user="ada\nINFO", status=200)).split("\n")
    assert first.endswith("INFO    opsnb: one")
    assert more
    assert all(line.startswith("    ") and line.isprintable() for line in more)


def test_a_traceback_says_where_and_not_what_about() -> None:
    text = trace(raised(KeyError("context"), ValueError("a secret")))
    assert [line for line in text.splitlines() if not line.startswith("  ")] == [
        "ValueError", "", "which led to:", "", "Traceback (most recent call last):", "KeyError",
    ]  # fmt: skip
    assert "test_serve_logs.py" in text
    assert "a secret" not in text


def test_what_opsnb_says_on_purpose_is_kept() -> None:
    for form in (JSONLines(), TextLines()):
        line = form.format(record("failed", raised(BadInput("This cannot be used."))))
        assert "opsnb.errors.BadInput: This cannot be used." in line


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> tuple[Hearing, list[tuple[float, bool]]]:
    measured: list[tuple[float, bool]] = []
    return Hearing(lambda: {"kernel": "k"}, lambda seconds, failed: measured.append((seconds, failed))), measured


def test_lines_of_a_kernel_are_heard_however_they_are_cut(heard, caplog: pytest.LogCaptureFixture) -> None:
    hearing, measured = heard
    told = {"kind": "log", "logger": "opsnb", "level": 40, "message": "said", "exception": None}
    sent = f"{MARK}{json.dumps({'kind': 'statement', 'seconds': 0.5, 'failed': True})}\n{MARK}{json.dumps(told)}\nplain"
    for byte in sent.encode():
        hearing.data_received(bytes([byte]))
    hearing.connection_lost(None)
    assert measured == [(0.5, True)]
    assert [(one.levelname, one.getMessage(), one.kernel) for one in caplog.records] == [
        ("ERROR", "said", "k"), ("WARNING", "plain", "k"),
    ]  # fmt: skip


NONSENSE = [
    MARK,
    f"{MARK}[]",
    f"{MARK}{{}}",
    f'{MARK}{{"kind": "statement", "seconds": "x"}}',
    "\xff\x00",
    "x" * 300_000,
]


@pytest.mark.parametrize("line", NONSENSE, ids=range(len(NONSENSE)))
def test_a_line_of_no_meaning_is_a_line_of_the_log(heard, line: str, caplog: pytest.LogCaptureFixture) -> None:
    hearing, measured = heard
    hearing.data_received(line.encode("latin-1") + b"\n")
    assert measured == []
    assert len(caplog.records) <= 1
    assert all(len(one.getMessage()) <= 2000 for one in caplog.records)


def test_a_kernel_logs_the_same_a_few_times_in_a_minute() -> None:
    seldom = Seldom(each=3, total=8)

    def count(message: str) -> int:
        record = logging.makeLogRecord({"name": "Comm", "msg": message})
        return sum(bool(seldom.filter(record)) for _ in range(10))

    assert [count("No such comm: %s"), count("unexpected"), count("other"), count("more than all")] == [3, 3, 2, 0]


def test_what_a_kernel_logs_again_and_again_is_sent_a_few_times(tmp_path: Path) -> None:
    with (tmp_path / "sent").open("wb") as sent:
        handler = ReportHandler(Reporter(sent.fileno()))
        for _ in range(20):
            handler.handle(record("No such comm"))
    assert (tmp_path / "sent").read_text().count("No such comm") == 5
