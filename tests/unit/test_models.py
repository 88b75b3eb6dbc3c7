from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.models import as_utc, sqlite_text

MOMENT = datetime(2026, 11, 23, 14, 2, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "stored",
    [
        MOMENT,
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=2))),
        "2026-11-23 14:02:31",
        "2026-11-23T14:02:31",
        "2026-11-23T14:02:31Z",
        "2026-11-23 14:02:31.000000",
        "2026-11-23T16:02:31+02:00",
        MOMENT.timestamp(),
        int(MOMENT.timestamp()),
    ],
)
def test_every_spelling_of_a_moment_is_read_as_utc(stored):
    assert as_utc(stored) == MOMENT
    assert as_utc(stored).tzinfo is UTC


@pytest.mark.parametrize(
    "stored", [None, "", "yesterday", "0000-00-00 00:00:00", b"2026", [], float("nan"), float("inf"), 10**30,
               datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))]
)  # fmt: skip
def test_an_unreadable_time_is_none(stored):
    assert as_utc(stored) is None


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stored_text_sorts_as_its_times_do(one, other):
    assert (sqlite_text(one) < sqlite_text(other)) == (one < other)
    assert as_utc(sqlite_text(one)) == one


@given(st.datetimes())
def test_the_text_opsnb_writes_sorts_before_other_spellings_of_the_same_time(when):
    assert sqlite_text(when) <= when.isoformat(" ", "microseconds")
