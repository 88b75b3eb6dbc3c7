from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.errors import BadInput
from opsnb.queries.filters import NAMES, Filters, read
from support.history import NOW


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_no_filter(name, nothing):
    assert read({name: nothing}, NOW) == Filters()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("workspace", 3, Filters(workspace_id=3)),
        ("workspace", "#3", Filters(workspace_id=3)),
        ("workspace", " 3 ", Filters(workspace_name=" 3 ")),
        ("workspace", "Aurora", Filters(workspace_name="Aurora")),
        ("tenant", "0", Filters(tenant_name="0")),
        ("tenant", "-", Filters(platform=True)),
        ("tenant", "Contoso", Filters(tenant_name="Contoso")),
        ("type", "a.b", Filters(type=("a.b",))),
        ("type", "a,b", Filters(type=("a,b",))),
        ("type", ["a", "b"], Filters(type=("a", "b"))),
        ("initiator", " Ada ", Filters(initiator=" Ada ")),
        ("initiator", "  ", Filters(initiator="  ")),
        ("type", " a ", Filters(type=(" a ",))),
        ("status", "queued, running,queued", Filters(status=("queued", "running"))),
        ("outcome", ["failed"], Filters(outcome=("failed",))),
        ("since", "24h", Filters(since=NOW - timedelta(days=1))),
        ("since", timedelta(minutes=5), Filters(since=NOW - timedelta(minutes=5))),
        ("until", "2026-11-23T14:00", Filters(until=NOW)),
        ("until", datetime(2026, 11, 23, 14), Filters(until=NOW)),
        ("until", "2026-11-23T15:00+01:00", Filters(until=NOW)),
        ("since", "0001-01-01", Filters(since=datetime(1, 1, 1, tzinfo=UTC))),
        ("search", "12", Filters(number=12, words="12")),
        ("search", 12, Filters(number=12, words="12")),
        ("search", "#12", Filters(number=12)),
        ("search", "Operation #12", Filters(number=12)),
        ("search", "operation 12", Filters(number=12)),
        ("search", "12 apes", Filters(words="12 apes")),
        ("search", "#", Filters(words="#")),
        ("search", "  ", Filters()),
    ],
)
def test_a_filter_is_understood(name, value, found):
    assert read({name: value}, NOW) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workspace", -1), ("workspace", 2**63), ("workspace", "#" + "9" * 30), ("workspace", 1.5), ("workspace", True),
        ("tenant", []), ("tenant", b"x"), ("type", 5), ("type", [5]), ("type", b"ab"), ("initiator", 5),
        ("initiator", "x" * 2001), ("initiator", "a\x00b"), ("initiator", "\ud800"), ("search", "\udfff"),
        ("type", ["\ud800"]), ("workspace", "\ud800"), ("status", "done"), ("status", "Queued"), ("status", 5),
        ("status", "queued,"), ("outcome", "queued"), ("outcome", ["failed", None]), ("since", "yesterday"),
        ("since", 5), ("since", "2026-13-01"), ("since", timedelta.max),
        ("until", "24"), ("until", "99999999w"), ("until", {}), ("search", ["x"]), ("search", "x" * 501),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_refused_by_name(name, value):
    with pytest.raises(BadInput, match=rf"\b{name}\b"):
        read({name: value}, NOW)


def test_a_misspelt_value_or_filter_gets_a_hint():
    with pytest.raises(BadInput, match=r"not 'faild'. Did you mean 'failed'?"):
        read({"outcome": "faild"}, NOW)
    with pytest.raises(BadInput, match=r"There is no filter 'tenent'.* Did you mean 'tenant'?"):
        read({"tenent": "x"}, NOW)


def test_a_time_window_must_hold_something():
    with pytest.raises(BadInput, match="since must lie before until"):
        read({"since": "1h", "until": "1h"}, NOW)


@given(st.dictionaries(st.sampled_from(NAMES), st.one_of(st.text(), st.integers(), st.binary(), st.datetimes(),
                                                         st.timedeltas(), st.lists(st.text()))))  # fmt: skip
def test_anything_is_understood_or_refused(raw):
    with suppress(BadInput):
        assert isinstance(read(raw, NOW), Filters)
