import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.queries.context import read_context
from opsnb.queries.masking import MASK, MAX_DEPTH, Masker
from opsnb.settings import SECRET_KEYS

SECRET = "hunter2-s3cr3t"
masker = Masker(SECRET_KEYS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "key",
    ["password", "PASSWORD", "db_password", "Api-Key", "x_api_key", "accessKey", "Authorization", "client.secret",
     "SESSION_ID", "refreshToken"],
)  # fmt: skip
def test_a_secret_is_masked_however_its_key_is_written(key):
    assert masker.mask({"a": [{key: SECRET}]}) == {"a": [{key: MASK}]}


@pytest.mark.parametrize("value", [{"user": "ada", "value": SECRET}, [SECRET], 12345])
def test_everything_below_a_secret_key_is_masked(value):
    assert masker.mask({"credentials": value}) == {"credentials": MASK}


@pytest.mark.parametrize("value", [None, "", True, False])
def test_a_missing_secret_is_shown_as_missing(value):
    assert masker.mask({"password": value}) == {"password": value}


def test_other_keys_stay_in_their_order():
    context = {"b": 1, "a": {"z": [1, "two"], "y": None}}
    assert masker.mask(context) == context
    assert list(masker.mask(context)) == ["b", "a"]


def test_the_original_is_not_changed():
    context = {"password": SECRET}
    masker.mask(context)
    assert context == {"password": SECRET}


def test_deep_nesting_is_cut():
    deep: dict[str, object] = {"password": SECRET}
    for _ in range(5 * MAX_DEPTH):
        deep = {"a": deep}
    shown = json.dumps(masker.mask(deep), ensure_ascii=False)
    assert "nested too deeply" in shown
    assert SECRET not in shown


@given(JSON, st.sampled_from(SECRET_KEYS), st.integers(0, 3))
def test_no_secret_survives_masking(value, key, depth):
    context: object = {key: SECRET, "other": value}
    for _ in range(depth):
        context = [{"x": context}]
    assert SECRET not in json.dumps(masker.mask(context))


@given(JSON)
def test_without_secret_words_nothing_changes(value):
    assert Masker(["", "-"]).mask(value) == value


@pytest.mark.parametrize(
    "line",
    [f"password={SECRET}", f"PASSWORD: {SECRET}", f'{{"db_password": "{SECRET}", broken', f"api-key = '{SECRET}'",
     f"Api_Key:{SECRET};x=1", f"token={SECRET}&a=b"],
)  # fmt: skip
def test_secrets_in_text_that_is_no_json_are_masked(line):
    assert SECRET not in masker.mask_text(line)


def test_a_secret_is_masked_in_a_text_of_a_context_too():
    assert masker.mask({"a": [f"no login with password={SECRET} there"]}) == {
        "a": [f"no login with password={MASK} there"]
    }


def test_text_without_secrets_stays_as_it_is():
    assert masker.mask_text("exit code 1: no such file") == "exit code 1: no such file"
    assert Masker([]).mask_text(f"password={SECRET}") == f"password={SECRET}"


@pytest.mark.parametrize(
    ("stored", "context"),
    [
        ('{"a": 1}', {"a": 1}),
        (b'{"a": 1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ("[1]", None),
        ("null", None),
        ("", None),
        ("no json", None),
        (b"\xff", None),
        (None, None),
        (5, None),
        ("[" * 100_000, None),
        ('{"a": ' + "9" * 5000 + "}", None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_context_is_read_whatever_the_column_holds(stored, context):
    assert read_context(stored) == context
