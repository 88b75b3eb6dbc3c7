"""Shortcuts of a load: rows read together, JSON by a fast library and times as text give what the long way gives."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsnb.load import jsontext, read_map
from opsnb.load.rejects import Unfit
from opsnb.load.rows import RowReader
from opsnb.load.times import instant, quick
from opsnb.models import sqlite_text
from opsnb.sqlitetimes import style_of

STYLES = [sqlite_text, datetime.isoformat, lambda when: when] + [
    style_of(stored)
    for stored in ("2026-01-02T03:04:05.000Z", "2026-01-02 03:04:05+02:00", "2026-01-02T03:04:05+00:00", 1.5, 1)
]
MAPS = [
    "",
    'time = "seconds"\n[nulls]\ntenant = ["t", 1]\n[values.type]\n1 = "one"\n"" = "none"',
    'context = "rest"\n[columns]\ntype = "context.a"\nid = false\n[constants]\ninitiator_name = "x"',
    'context = ["context.a", "tenant"]\n[values.started_at]\nt = "2026-01-01"',
]

floats = st.floats() | st.sampled_from([1e16, 9999999999999998.0, 1e-4, 9.9e-5, -0.0, 5e-324, 1e22, 123456789.125])
texts = st.text(st.characters() | st.sampled_from('\0\ud800"\\/\x7f\u2028'), max_size=6)
numbers = floats | st.integers() | st.integers(-(2**70), 2**70)
anything: Any = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
times = st.builds(
    "{}{}{}{}".format,
    st.dates().map(str) | st.sampled_from(["2026-02-30", "1969-12-31", "1970-01-01", "2026-W01-1", "20260102"]),
    st.sampled_from(" Tt"),
    st.times().map(str) | st.times().map(lambda time: str(time)[:8]) | st.sampled_from(["24:00:00", "1:02:03", ""]),
    st.sampled_from(["", "Z", "z", "+00:00", "-05:30", "\n", "٣"]),
)


def outcome(call: Callable[[], Any]) -> Any:
    """Give what comes of it, a failure too, in a form that tells 1 from 1.0, and one order of keys from another."""
    try:
        return repr(call())
    except (Unfit, ValueError, RecursionError) as error:
        return type(error).__name__, str(error), getattr(error, "column", ""), getattr(error, "value", "")


@given(
    anything.map(json.dumps)
    | anything.map(lambda found: json.dumps(found, indent=1, ensure_ascii=False))
    | st.text('{}[],:"ab\\u0d8E+-.19 \t\x0b\ufeff', max_size=12),
)
@example('{"a": 1, "a": [2]}')
@example('[1E400, "\\ud800"]')
@example('{"a": ' + "9" * 4300 + "}")
@example("9" * 4301)
@example("[-0, -0.0, 1.0, 1E2, 0.1e1, 1e-5, 0.00001, 1e16]")
@example("[" * 100_000)
def test_json_is_read_and_spelled_as_python_does(text: str) -> None:
    assert outcome(lambda: jsontext.read(text)[0]) == outcome(lambda: json.loads(text))
    with contextlib.suppress(ValueError, RecursionError):
        found, tame = jsontext.read(text)
        assert not tame or jsontext.spell_tame(found) == jsontext.spell(found)


@given(style=st.sampled_from(STYLES), text=times)
def test_a_time_of_the_usual_shape_is_written_as_if_it_were_read(style: Callable[[datetime], Any], text: str) -> None:
    written = quick(style)(text)
    assert written is None or written == style(instant(text, "iso"))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("text", ["2026-01-02 03:04:05", "2026-01-02T03:04:05Z"])
def test_the_usual_shape_of_a_time_is_known(style: Callable[[datetime], Any], text: str) -> None:
    assert quick(style)(text) == style(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


rows = st.lists(
    st.fixed_dictionaries(
        {
            "workspace": st.sampled_from(["W", "V"]) | anything,
            "type": st.sampled_from(["t", "", 1, True, 1.0]),
            "status": st.sampled_from(["queued", "running"]),
            "outcome": st.just("pending"),
            "created_at": st.just("2026-01-02 03:04:05") | times,
        },
        optional={
            "id": st.integers(1) | st.sampled_from(["7", 7.0, True, None]),
            "tenant": st.sampled_from(["t", "T", None, "", 1, "1"]),
            "started_at": st.just("2026-01-02T03:04:05Z") | times | st.integers(0, 2**33),
            "context": st.dictionaries(st.sampled_from("ab"), anything) | anything,
        },
    ),
    max_size=4,
)


@given(toml=st.sampled_from(MAPS), given_rows=rows, nul=st.booleans())
def test_rows_read_together_are_the_rows_read_alone(toml: str, given_rows: list[dict[str, Any]], nul: bool) -> None:
    together, alone = (RowReader(read_map(toml), nul=nul, time=sqlite_text) for _ in range(2))
    read = [jsontext.read(json.dumps(row)) for row in given_rows]
    tame, fields = all(found for _, found in read), [row for row, _ in read]
    found = outcome(lambda: list(zip(*together.columns(fields, tame=tame).values(), strict=True)))
    each = outcome(lambda: [tuple(alone.run(row).values()) for row in fields])
    assert (
        found == each if isinstance(each, str) else found in [outcome(lambda row=row: alone.run(row)) for row in fields]
    )
