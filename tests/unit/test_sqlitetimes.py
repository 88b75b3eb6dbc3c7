"""Times are written the way the file has them, so that its text still sorts by time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.models import as_utc
from opsnb.sqlitetimes import style_of

WHEN = datetime(2026, 11, 23, 14, 2, 31, 120000, tzinfo=UTC)
FORMS = {
    "2026-01-01 00:00:00": "2026-11-23 14:02:31.12",
    "2026-01-01 00:00:00.000001": "2026-11-23 14:02:31.12",
    "2026-01-01T00:00:00": "2026-11-23T14:02:31",
    "2026-01-01T00:00:00Z": "2026-11-23T14:02:31Z",
    "2026-01-01T00:00:00.000Z": "2026-11-23T14:02:31.120Z",
    "2026-01-01T00:00:00.000000+00:00": "2026-11-23T14:02:31.120000+00:00",
    "2026-01-01 00:00:00+01:00": "2026-11-23 15:02:31+01:00",
    "2026-01-01T00:00:00+0000": "2026-11-23T14:02:31+0000",
    "2026-01-01T00:00:00.000-0530": "2026-11-23T08:32:31.120-0530",
    "2026-01-01 00:00:00+00": "2026-11-23 14:02:31+00",
    "20260101T000000Z": "20261123T140231Z",
    "20260101T000000": "20261123T140231",
    "yesterday": "2026-11-23 14:02:31.12",
    1767225600: 1795442551,
    1767225600.5: 1795442551.12,
    None: "2026-11-23 14:02:31.12",
    b"2026": "2026-11-23 14:02:31.12",
}


@pytest.mark.parametrize(("stored", "written"), FORMS.items())
def test_a_time_is_written_as_the_stored_one_is(stored, written):
    assert style_of(stored)(WHEN) == written
    assert type(style_of(stored)(WHEN)) is type(written)


@pytest.mark.parametrize("stored", FORMS)
def test_a_naive_time_is_utc(stored):
    assert style_of(stored)(WHEN.replace(tzinfo=None)) == style_of(stored)(WHEN)


TIMES = st.datetimes(datetime(1975, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.sampled_from([form for form in FORMS if form is not None]), TIMES, TIMES)
def test_what_is_written_sorts_by_time_and_is_read_again(stored, one, other):
    write = style_of(stored)
    assert one.replace(microsecond=0) <= as_utc(write(one)).replace(microsecond=0) <= one
    if one.replace(microsecond=0) < other.replace(microsecond=0):
        assert write(one) < write(other)
