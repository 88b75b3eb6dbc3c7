import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.errors import BadCursor
from opsnb.queries.cursors import Key, read, write

IDS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def forged(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


@given(st.datetimes(timezones=st.just(UTC)) | st.datetimes(), IDS)
def test_a_cursor_of_a_time_is_read_as_it_was_made(created, number):
    assert read(write(Key(created, number)), as_text=False) == Key(created, number)


@given(TEXTS | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.none(), IDS)
def test_a_cursor_of_raw_text_is_read_as_it_was_made(created, number):
    key = read(write(Key(created, number)), as_text=True)
    assert key == Key(created, number)
    assert type(key.created_at) is type(created)


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "AAAA", forged([]), forged({}), forged(["2026-11-23", "1"]), forged(["2026-11-23", True]),
     forged(["2026-11-23", 2**63]), forged([[], 1]), forged([{}, 1]), forged(["\ud800", 1]), forged([10**400, 1]),
     forged([float("nan"), 1]), forged([True, 1]), forged("ab"), "W" * 100_000, forged([[[[]] * 9], 1]), None, 5],
    ids=lambda cursor: repr(cursor)[:40],
)  # fmt: skip
def test_a_broken_cursor_is_refused(cursor, as_text):
    with pytest.raises(BadCursor, match="start again from the first page"):
        read(cursor, as_text=as_text)


@pytest.mark.parametrize("created", [5, 1.5, [], "", "now", "2026-13-01"])
def test_a_cursor_without_a_time_is_refused_where_the_database_holds_times(created):
    with pytest.raises(BadCursor):
        read(forged([created, 1]), as_text=False)


BEYOND = ["infinity", "-infinity", "10000-01-01 00:00:00+00", "294276-12-31 23:59:59.999999",
          "4713-02-28 12:00:00+00 BC", "4714-11-24 00:00:00 BC", "0001-02-29 00:00:00 BC"]  # fmt: skip


@pytest.mark.parametrize("created", BEYOND)
def test_a_time_that_only_postgresql_knows_is_passed_on(created):
    assert read(write(Key(created, 1)), as_text=False) == Key(created, 1)


@pytest.mark.parametrize(
    "created",
    ["294277-01-01 00:00:00", "999999-01-01 00:00:00", "0000-01-01 00:00:00", "4714-11-23 00:00:00 BC",
     "10001-02-29 00:00:00", "10000-13-01 00:00:00", "10000-01-01 25:00:00", "0001-01-01T00:00:00+23:00"],
)  # fmt: skip
def test_a_time_that_postgresql_does_not_know_is_refused(created):
    with pytest.raises(BadCursor):
        read(write(Key(created, 1)), as_text=False)


@given(st.text(), st.booleans())
def test_any_text_is_a_cursor_or_refused(cursor, as_text):
    with suppress(BadCursor):
        assert isinstance(read(cursor, as_text=as_text), Key)


@given(st.datetimes(timezones=st.just(UTC)), IDS, st.integers(1, 10))
def test_a_cursor_that_was_cut_is_refused(created, number, lost):
    with pytest.raises(BadCursor):
        read(write(Key(created, number))[:-lost], as_text=False)
