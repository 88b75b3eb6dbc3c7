import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.fingerprints import ID, NO_TEXT, fingerprint, shape
from opsnb.queries.masking import Masker
from opsnb.settings import SECRET_KEYS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("14 devices at berlin-2 did not answer within 30 s", "<n> devices at berlin-<n> did not answer within <n> s"),
        ("Policy set 'Baseline – x' changed", "Policy set <value> changed"),
        ("column “a b” of «c» and `d`", "column <value> of <value>"),
        ("don't know what's wrong with users' data", "don't know what's wrong with users' data"),
        ('{"code": "E5", "id": 17}', '{"code": E5, "id": <n>}'),
        ('{"name": "E5", "id": 17}', '{"name": <value>, "id": <n>}'),
        ("Row 1,204: office@tailspin.example is taken", "Row <n>: <email> is taken"),
        ("GET https://a.b/c/12?x=1 failed", "GET <url> failed"),
        ("no run 8F14E45F-ceea-467f-a0e6-1a2b3c4d5e6f", "no run <id>"),
        ("at 2026-11-23T14:02:31.123Z it broke", "at <time> it broke"),
        ("at 2026-11-23 14:02:31+01:00 it broke", "at <time> it broke"),
        ("since 2026-11-23, at 14:02 UTC", "since <time>, at <time>"),
        ("10.0.0.1:5432 refused, ::1 and fe80::1 too", "<ip> refused, <ip> too"),
        ("std::vector::at: out of range", "std::vector::at: out of range"),
        ("cannot open /var/lib/x.csv or ../y/z or C:\\Users\\x.txt", "cannot open <path>"),
        ("ctest --test-dir /home/x/build -j 4", "ctest --test-dir <path> -j <n>"),
        ("/home/x/test/run_tests.py failed in a/b/c.cpp", "<path>/run_tests.py failed in <path>/c.cpp"),
        ("TCP/IP and/or I/O", "TCP/IP and/or I/O"),
        ("pod api-7d9f8b6c5-2x4z7 at 0xDEADbeef, commit deadbeef", "pod api-<id>-<id> at <id>, commit <id>"),
        ("ids 1, 2, 3 and 4 missing", "ids <n> missing"),
        ("The API answered 429 Too Many Requests 5 times", "The API answered 429 Too Many Requests <n> times"),
        ("HTTP 503 after 412 ms", "HTTP 503 after <n> ms"),
        ("exit code 137, errno 28, signal 9, upstream 5xx", "exit code 137, errno 28, signal 9, upstream 5xx"),
        ("version 1.2.3 is not 10", "version <n> is not <n>"),
        ("\x1b[31mcannot\x1b[0m open \x1b[1;4m/var/lib/x.csv\x1b[m", "cannot open <path>"),
        ("\n  first \t line \nsecond 5", "first line"),
        ("", NO_TEXT),
        (" \n", NO_TEXT),
        (None, NO_TEXT),
    ],
)
def test_what_varies_is_a_placeholder_and_what_went_wrong_stays(text, found):
    assert shape(text) == found


VARYING = (
    st.uuids(), st.ip_addresses(v=4), st.integers(0, 10**6), st.datetimes().map(lambda when: when.isoformat()),
    st.integers(16**8, 16**20).map(lambda number: f"{number:x}"),
    st.from_regex("[a-z][a-z0-9.+_-]{0,20}@[a-z]{1,9}[.]test", fullmatch=True),
)  # fmt: skip


@given(st.sampled_from(VARYING).flatmap(lambda kind: st.tuples(kind, kind)))
def test_two_failures_that_differ_in_what_varies_are_one_group(values):
    one, other = (shape(f"request {value} to upstream failed") for value in values)
    assert one == other


ERRORS = ErrorTexts(Masker(SECRET_KEYS))
PIECES = st.sampled_from(
    ("code {}", "errno {}", "{} Bad Gateway", "{}xx", "HTTP {}", "{}:{}", "{}:{}:{}Z", "0{}x1f", "{}x1f", "setup.ps{}",
     "v{}", "/opt/a{}/b{}.py", "10.0.{}.{}", "2026-{}-{}", "a{}b{}", "«{}»", "'{}'", "{}", "\u0661{}",
     "exit: {}", "fe80::{}", "exited with {}", "answered {}", "({})", "[Errno {}]", "web-{}f9c-x2x4q", "error {} of",
     "password={}", "http://u:{}@h", "code H{}", "Nov {} 10:00:{}")
)  # fmt: skip
DIGITS = st.integers(0, 600).map(str) | st.integers(10**7, 10**9).map(str)


@given(st.lists(PIECES, max_size=4).map(" ".join).flatmap(
    lambda words: st.lists(DIGITS, min_size=words.count("{}"), max_size=words.count("{}")).map(
        lambda digits: words.format(*digits))))  # fmt: skip
def test_the_quick_way_finds_what_a_close_look_finds(text):
    assert ERRORS.shape(text) == shape(ERRORS.read(text))


@given(st.text())
def test_any_text_has_a_shape_and_an_id(text):
    found = shape(text)
    assert found == " ".join(found.split()) != ""
    assert ID.fullmatch(fingerprint(text, found))


def test_an_id_is_the_same_everywhere_and_another_for_another_type():
    assert fingerprint("a", "x <n>") == "69bb2aac67"
    assert fingerprint("b", "x <n>") != fingerprint("a", "x <n>") != fingerprint("a", "x <id>")
