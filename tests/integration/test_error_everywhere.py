"""The error of an operation is the same wherever it stands: the exception of a traceback, however long that is."""

import pytest

from opsnb import analysis
from opsnb.queries.error_message import HEAD, TAIL, take
from opsnb.queries.known_groups import read_errors
from support.history import add_run, before

FRAMES = "".join(f'  File "/srv/app/deep.py", line {n}, in f{n}\n    call_{n}()\n' for n in range(400))
PYTHON = f"Traceback (most recent call last):\n{FRAMES}"
JAVA = "java.lang.RuntimeException: outer\n" + "\tat a.B.c(B.java:10)\n" * 400
ERRORS = {
    f"{PYTHON}ValueError: no device \u00fc5": "ValueError: no device \u00fc5",
    f"{PYTHON}KeyError: 'x'": "KeyError: 'x'",
    f"{JAVA}Caused by: java.io.IOException: disk full\n\tat d.E.f(E.java:7)": "java.io.IOException: disk full",
    "job exited with 137": "job exited with 137",
    "job exited with 1": "job exited with 1",
    "x" * (HEAD + TAIL + 1): "x" * 300,
    "two lines\nof a message": "two lines\nof a message",
}


@pytest.fixture
def failed(database, ops):
    """One failure each, and the text of its error by its number."""
    return {
        add_run(database, outcome="failed", created_at=before(minutes=n), context={"error": text}): found
        for n, (text, found) in enumerate(ERRORS.items())
    }


def test_lists_details_groups_evidence_and_handovers_tell_the_same_error(ops, failed):
    rows = {row.id: row.error for row in ops.failures().rows}
    assert rows == failed
    groups = {group.example: group for group in ops.failure_groups()}
    assert set(groups) == set(failed)
    handover = ops.handover("8h").to_markdown()
    for number, found in failed.items():
        assert ops.run(number).row.error == found
        assert [row.id for row in ops.failures(group=groups[number].group).rows] == [number]
        assert groups[number].example_error == " ".join(found.split())
        evidence = ops.evidence(number).html
        assert f"failures of its group {groups[number].group}" in evidence
        assert " ".join(found.split())[:200].replace("'", "&#39;") in evidence
        assert analysis.pair(ops, number).run.row.error == found
        if len(found) < 100 and "_" not in found:
            assert " ".join(found.split()).replace("'", "") in handover.replace("'", "").replace("\\", "")


def test_what_is_read_of_an_error_is_bounded(database):
    number = add_run(database, outcome="failed", context={"error": "line\n" * 100_000})
    ((_, text),) = read_errors(database, [number])
    assert text == take("line\n" * 100_000)
    assert len(text) == HEAD + TAIL + 1
