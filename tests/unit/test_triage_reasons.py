"""The reason given with Mark investigated: what is taken, what is refused, and that it is kept exactly as trimmed."""

import pytest
from sqlalchemy import select

from opsnb.errors import InvalidReason
from opsnb.models import operation_runs
from opsnb.triage.reasons import clean
from support.acts import audit
from support.history import MANAGER, add_people, add_run

FAMILY = "👨‍👩‍👧"
GOOD = {
    "shortest": "abcde",
    "longest": "x" * 500,
    "trimmed": "  abcde\t\n",
    "trimmed to the longest": " " * 300 + "x" * 500 + "\u3000" * 300,
    "blank in any script": "\u00a0\u2003\u3000abcde\u2028\u2029\u0085\v\f",
    "emoji": FAMILY,
    "astral": "😀" * 500,
    "combining": "e\u0301" * 250,
    "combining at the end": "abce\u0301",
    "line breaks": "first\r\nsecond\n\nthird",
    "markup": "<script>alert('x')</script> & <b>",
    "quotes": "'; DROP TABLE operation_runs; --\"`\\ %s {0} :now",
    "json": '{"a": [1, "\\u0000"]}',
    "right to left": "בדקנו את זה",
    "invisible among others": "ab\u200bcd",
    "digits": "12345",
    "symbols": "-----",
    "control": "\x1b[31mred\x07",
}
REQUIRED = "A reason is required."
SHORT = "The reason must have at least 5 characters; it has {}."
LONG = "The reason must have at most 500 characters; it has {}."
HALF = "The reason must not hold a null character or half a character pair."
BAD = {
    "none": (None, REQUIRED),
    "number": (12345, REQUIRED),
    "list": (["abcde"], REQUIRED),
    "bytes": (b"abcde", REQUIRED),
    "empty": ("", REQUIRED),
    "blank": (" \t\r\n" * 20, REQUIRED),
    "blank in any script": ("\u00a0\u2003\u3000\u2028\u1680\u205f", REQUIRED),
    "zero width": ("\u200b\u200c\u200d\u2060\ufeff\u00ad", REQUIRED),
    "many zero widths": ("\u200b" * 501, REQUIRED),
    "blank and zero width": (" \u200b \u200d \u2060 ", REQUIRED),
    "directions": ("\u202e\u202c\u2066\u2069\u200f", REQUIRED),
    "variation selectors": ("\ufe0f" * 5 + "\U000e0101", REQUIRED),
    "tags": ("\U000e0041" * 6, REQUIRED),
    "fillers": ("\u115f\u1160\u3164\uffa0\u2800", REQUIRED),
    "unassigned": ("\uffff\ufdd0\ue000\U000f0000\U0010ffff", REQUIRED),
    "four": ("abcd", SHORT.format(4)),
    "four in blanks": ("   abcd   ", SHORT.format(4)),
    "one emoji": ("👍", SHORT.format(1)),
    "501": ("x" * 501, LONG.format(501)),
    "501 emoji": ("😀" * 501, LONG.format(501)),
    "a book": ("x" * 10_000_000, LONG.format(10_000_000)),
    "null": ("abc\x00def", HALF),
    "null at the end": ("abcde\x00", HALF),
    "half a pair": ("abcde\ud83d", HALF),
    "other half": ("\ude00abcde", HALF),
    "halves apart": ("\ud83d abc \ude00", HALF),
}


@pytest.mark.parametrize("reason", GOOD.values(), ids=GOOD)
def test_a_good_reason_is_kept_exactly_as_trimmed(reason):
    assert clean(reason) == reason.strip()


@pytest.mark.parametrize(("reason", "rule"), BAD.values(), ids=BAD)
def test_a_bad_reason_is_refused_with_the_rule_that_it_breaks(reason, rule):
    with pytest.raises(InvalidReason) as refused:
        clean(reason)
    assert str(refused.value) == rule


def test_every_good_reason_comes_back_out_of_the_database_as_it_went_in(database, ops_on):
    add_people(database)
    ops = ops_on(database, MANAGER)
    for reason in GOOD.values():
        run = ops.mark_investigated(add_run(database), reason=reason)
        assert run.context["triage"]["investigated"]["reason"] == reason.strip()
        assert run.audit()[0].metadata["reason"] == reason.strip()


def test_of_a_bad_reason_nothing_is_written(database, ops_on):
    add_people(database)
    run_id = add_run(database)
    rows = database.fetch(select(operation_runs))
    for reason, rule in BAD.values():
        with pytest.raises(InvalidReason, match=rule[:10]):
            ops_on(database, MANAGER).mark_investigated(run_id, reason=reason)
    assert database.fetch(select(operation_runs)) == rows
    assert audit(database) == []
