"""Values out of files: what fits a column, and what is said of the rest."""

import contextlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.load import paths, values
from opsnb.load.rejects import Unfit
from opsnb.load.times import instant

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("2026-01-02T03:04:05Z", "iso", WHEN),
        ("2026-01-02 03:04:05", "iso", WHEN),
        (" 2026-01-02T05:04:05+02:00 ", "iso", WHEN),
        ("2026-01-02T03:04:05.250Z", "iso", WHEN + timedelta(milliseconds=250)),
        (datetime(2026, 1, 2, 3, 4, 5), "iso", WHEN),
        (datetime(2026, 1, 2, 4, 4, 5, tzinfo=timezone(timedelta(hours=1))), "iso", WHEN),
        (date(2026, 1, 2), "iso", datetime(2026, 1, 2, tzinfo=UTC)),
        (1767323045, "seconds", WHEN),
        ("1767323045", "seconds", WHEN),
        (1767323045.5, "seconds", WHEN + timedelta(milliseconds=500)),
        (Decimal("1767323045.25"), "seconds", WHEN + timedelta(milliseconds=250)),
        (1767323045250, "milliseconds", WHEN + timedelta(milliseconds=250)),
        ("2026-01-02T03:04:05Z", "seconds", WHEN),
        (0, "seconds", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(value: object, unit: str, expected: datetime) -> None:
    assert instant(value, unit) == expected


@pytest.mark.parametrize(
    "value",
    ["yesterday", "20260102", 1767323045, True, [], "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "1969-12-31"],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(Unfit):
        instant(value, "iso")


@pytest.mark.parametrize("value", [1767323045000000, -1, 1e300, float("inf"), "99999999999999999999"])
def test_a_number_beyond_all_calendars_is_refused(value: object) -> None:
    with pytest.raises(Unfit):
        instant(value, "seconds")


def test_a_number_without_a_unit_says_how_to_give_one() -> None:
    with pytest.raises(Unfit, match='time = "seconds"'):
        instant(1767323045, "iso")


@pytest.mark.parametrize(("value", "expected"), [(7, 7), ("7", 7), (7.0, 7), ("7.0", 7), (2**63 - 1, 2**63 - 1)])
def test_an_id_is_read(value: object, expected: int) -> None:
    assert values.whole(value) == expected


@pytest.mark.parametrize("value", [0, -1, 2**63, "1" * 5000, "7.5", "abc", True, [], float("nan"), float("inf")])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(Unfit):
        values.whole(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "an object"),
        ([], "a list"),
        (b"x", "binary"),
        ("\ud800", "surrogate"),
        ("x" * 2001, "2,000 bytes"),
        ("ü" * 1001, "2,000 bytes"),
    ],
)
def test_what_is_no_name_is_refused(value: object, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        values.text(value)


def test_names_may_be_numbers_and_keep_their_spaces() -> None:
    assert [values.text(value) for value in (42, 1.0, True, " a ")] == ["42", "1", "true", " a "]


@pytest.mark.parametrize("value", [None, "", "  \t", float("nan"), Decimal("NaN")])
def test_null(value: object) -> None:
    assert values.is_null(value)


@pytest.mark.parametrize("value", [0, False, "0", "null", {}, []])
def test_not_null(value: object) -> None:
    assert not values.is_null(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {}),
        ("", {}),
        ('{"b": 1, "a": 2}', {"b": 1, "a": 2}),
        (
            {"n": Decimal("1.5"), "big": Decimal(10**30), "d": date(2026, 1, 2)},
            {"n": 1.5, "big": 10**30, "d": "2026-01-02"},
        ),
    ],
)
def test_a_context_is_json_in_its_own_order(value: object, expected: dict[str, object]) -> None:
    assert list(json.loads(values.context(value, nul=True)).items()) == list(expected.items())


def test_a_context_keeps_its_letters() -> None:
    assert values.context({"title": "Überwachung …"}, nul=False) == '{"title": "Überwachung …"}'


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "JSON object"),
        ("[]", "JSON object"),
        ("{", "JSON object"),
        (3, "JSON object"),
        ({"x": float("nan")}, "NaN"),
        ({"x": "\udc00"}, "surrogate"),
        ({"x": b"1"}, "binary"),
        ({"x": "a\0b"}, "NUL"),
        ("[" * 100_000, "JSON object"),
    ],
)
def test_what_is_no_context_is_refused(value: object, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        values.context(value, nul=False)


def test_a_written_out_nul_is_no_nul() -> None:
    assert json.loads(values.context({"x": "\\u0000"}, nul=False)) == {"x": "\\u0000"}
    assert json.loads(values.context({"x": "a\0b"}, nul=True)) == {"x": "a\0b"}


ROW = {"build": {"branch": "master", "id": 1}, "flat.name": 2, "n": None}


def test_paths_reach_into_objects_and_prefer_columns_of_that_very_name() -> None:
    assert paths.get(ROW, "build.branch") == "master"
    assert paths.get(ROW, "flat.name") == 2
    assert paths.get(ROW, "n.x") is None
    assert paths.get(ROW, "nothing") is None


def test_paths_change_copies() -> None:
    assert paths.drop(ROW, "build.branch")["build"] == {"id": 1}
    assert paths.put(ROW, "build.branch", "b")["build"] == {"branch": "b", "id": 1}
    assert paths.put({}, "a.b.c", 1) == {"a": {"b": {"c": 1}}}
    assert ROW["build"] == {"branch": "master", "id": 1}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_object_comes_back_as_it_was(found: dict[str, object]) -> None:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert json.loads(values.context(found, nul=True)) == found
    assert json.loads(values.context(json.dumps(found), nul=True)) == found


@given(st.one_of(json_values, st.floats(), st.binary(), st.dates(), st.datetimes()))
def test_no_value_does_worse_than_not_fit(value: object) -> None:
    readers = [values.text, values.whole, lambda v: values.context(v, nul=False)]
    readers += [lambda v, unit=unit: instant(v, unit) for unit in ("iso", "seconds", "milliseconds")]
    for reader in readers:
        with contextlib.suppress(Unfit):
            reader(value)
