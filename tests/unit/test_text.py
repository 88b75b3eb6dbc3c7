from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb import text
from opsnb.errors import BadInput
from support.history import NOW


@pytest.mark.parametrize(
    ("words", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        (" 24 h ", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(words, span):
    assert text.parse_duration(words) == span


@pytest.mark.parametrize("words", ["", "30", "m", "-5m", "1.5h", "5 minutes", "1h30m", "9999999999s"])
def test_another_duration_is_refused_by_name(words):
    with pytest.raises(BadInput, match=r"^types\.x\.queued_limit must be"):
        text.parse_duration(words, "types.x.queued_limit")


def test_a_duration_beyond_any_history_is_refused_by_name():
    with pytest.raises(BadInput, match="since '999999999w' is longer than any history"):
        text.parse_duration("999999999w", "since")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 ms"),
        (timedelta(milliseconds=812), "812 ms"),
        (timedelta(microseconds=999_999), "999 ms"),
        (timedelta(seconds=31.9), "31 s"),
        (timedelta(seconds=134), "2 min 14 s"),
        (timedelta(hours=3, minutes=5), "3 h 05 min"),
        (timedelta(days=2, hours=4, minutes=59), "2 d 4 h"),
        (timedelta(minutes=-5), "−5 min 00 s"),
    ],
)
def test_a_span_is_said_in_two_units(span, words):
    assert text.duration(span) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (4, "just now"),
        (5, "5 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3600, "1 h ago"),
        (47 * 3600, "47 h ago"),
        (48 * 3600, "2 d ago"),
        (-240, "in 4 min"),
    ],
)
def test_ago_says_how_long_before_now(seconds, words):
    assert text.ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_times_are_said_in_utc_with_their_zone():
    kathmandu = datetime(2026, 11, 23, 19, 47, 31, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert text.moment(kathmandu) == "2026-11-23 14:02:31 UTC"
    assert text.clock(kathmandu) == "14:02:31"


def test_a_year_before_1000_keeps_its_four_digits():
    assert text.moment(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03 00:00:00 UTC"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, ""),
        (5, "5"),
        ("Ada", "Ada"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\x00b", "a␀b"),
        ("a\x1b[31m", "a␛[31m"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("\ud800", "⟨U+D800⟩"),
        ("\x7f\x85", "⟨U+007F⟩⟨U+0085⟩"),
    ],
)
def test_control_characters_are_made_visible(raw, shown):
    assert text.visible(raw) == shown


def test_long_text_is_cut_with_an_ellipsis():
    assert text.visible("x" * 11, 10) == "x" * 9 + "…"
    assert text.visible("x" * 10, 10) == "x" * 10


@given(st.text())
def test_visible_text_can_always_be_sent(raw):
    text.visible(raw).encode("utf-8")
    assert "\u202e" not in text.visible(raw)


def test_a_misspelt_word_gets_a_hint():
    assert text.nearest("faild", ["failed", "blocked"]) == " Did you mean 'failed'?"
    assert text.nearest("xyz", ["failed", "blocked"]) == ""
