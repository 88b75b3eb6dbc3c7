"""What two texts of one error have in common: the text without what differs from one failure to the next."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from opsnb.queries.error_codes import hide_codes, show_codes
from opsnb.text import uncoloured

NO_TEXT = "no error text"
ID = re.compile(r"[0-9a-f]{10}")
_CASE = re.IGNORECASE

# What makes nearly every text another one is made alike first, so that few of them must be looked at closely.
_LONG = re.compile(
    r"[0-9a-fA-F](?<![0-9A-Za-z].)[0-9a-fA-F]{7}(?:(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]*)(?![0-9A-Za-z])"
)
# Names that Kubernetes makes: of a pod, by its replica set or by itself, and of a replica set, without vowels.
# What stands before an @ belongs to an email address.
_POD = re.compile(r"(?<=[a-z0-9])-(?=[a-z]{0,9}[0-9])[0-9a-z]{6,10}-[bcdfghjklmnpqrstvwxz0-9]{5}(?![\w-]|[\w.+-]*@)")
_GENERATED = re.compile(
    r"(?<=[a-z0-9])-(?:(?=[a-z]{0,4}[0-9])(?=[0-9]{0,4}[a-z])[bcdfghjklmnpqrstvwxz0-9]{5}"
    r"|(?=[a-z]{0,9}[0-9]{1,9}[a-z]{1,9}[0-9])[0-9a-z]{8,10})(?![\w-]|[\w.+-]*@)"
)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_LOGGED = re.compile(
    r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )?"
    rf"(?:\d{{1,2}}[ /-]{_MONTH}[ /-]\d{{4}}|{_MONTH} +\d{{1,2}}(?:,? \d{{4}})?)"
    r"[ :]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: \d{4})?(?: ?(?:GMT|UTC|Z|[+-]\d\d:?\d\d)\b)?"
)
# A text is searched only for what one of its characters makes possible: most hold little of all this.
_PARTS = (
    ("://", "url", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", _CASE)),
    ("@", "email", re.compile(r"[^\s@<>()\[\]\"',;:]+@\w[\w-]*(?:\.[\w-]+)+")),
    # An apostrophe within a word quotes nothing, and what stands before a colon is a key, which stays.
    *(
        (left, "value", re.compile(rf"(?<!\w){left}[^{right}\n]*{right}(?!\w{more})"))
        for left, right, more in (("'", "'", ""), ('"', '"', "|:"), ("`", "`", ""), ("“", "”", ""), ("«", "»", ""))
    ),
    (
        "-",
        "time",
        re.compile(
            r"(?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC)\b|[+-]\d\d:?\d\d)?)?(?!\d)"
        ),
    ),
    (":", "time", _LOGGED),
    (":", "time", re.compile(r"(?<![\d:])[0-2]?\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC)\b)?(?![\d:])")),
    (":", "ip", re.compile(r"(?<![\w:])(?=[0-9a-f]*:[0-9a-f:]*:)[0-9a-f:]{3,39}(?![\w:])", _CASE)),
    (".", "ip", re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.]*\w)")),
    ("/", "path", re.compile(r"(?<![\w/.~<>-])(?:~|\.{1,2})?(?:/[\w.@%+=:~-]+)+/?")),
    ("/", "path", re.compile(r"(?<![\w/.~<>-])(?:[\w.@+-]+/){2,}[\w.@+-]*")),
    ("tmp", "id", re.compile(r"\btmp[a-z0-9_]{8}\b")),
    ("\\", "path", re.compile(r"\b[a-z]:\\[^\s\"'<>]+", _CASE)),
)  # fmt: skip
_HEX = re.compile(r"\b(?:0[xX][0-9a-fA-F]+|[0-9a-fA-F]{8,})\b")
# Letters between digits: made by a machine. A long one is replaced whole, a short one from its first digit on.
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,12}[0-9]{1,12}[A-Za-z]{1,20}[0-9])[A-Za-z0-9]{8,}(?![A-Za-z0-9])")
_MIXED = re.compile(r"[0-9]+[a-zA-Z]+[0-9][0-9a-zA-Z]*")
# The first digit comes first, so that the search passes quickly over everything else.
_NUMBER = re.compile(r"[0-9](?<![0-9.][0-9])(?!xx\b)[0-9]*(?:[.,:][0-9]+)*")
# Where it matters which digit it is: in times, before the x of a number, in the status of HTTP, and in an ending; and
# wherever a digit is kept.
_TELLING = re.compile(
    r"0:0|0[xX]|(?<![0-9])000 (?:[A-Z]|page|not|bad|forb|unau|serv|inter|gate|too|conf|gone)|\(000\)|\.ps0|[^\x00-\x7f]"
)
_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)  # of bytes, for text is translated ten times as slowly
_SOURCE = re.compile(r"\.(?:c|cc|cpp|cs|exe|go|h|hpp|java|js|kt|php|pl|ps1|py|rb|rs|sh|sql|swift|ts)$")
_DIGIT = re.compile("[0-9]")
_AGAIN = re.compile(r"(<\w+>)(?:(?:, ?| and | or |; ?| )\1)+")


def shape(text: object) -> str:
    """Give the first line of an error's text with what varies in placeholders: ``"request <id> took <n> s"``.

    Ids, numbers, times, paths, addresses and quoted values vary; the codes of `opsnb.queries.error_codes` say what went
    wrong and stay. Text that holds nothing is `NO_TEXT`.
    """
    line = _first_line(text) if isinstance(text, str) else ""
    if "-" in line and ":" in line:
        line = _MOMENT.sub("2000-01-01 00:00:00", line)
    if _DIGIT.search(line):
        line = hide_codes(line)
    if "-" in line:
        line = _GENERATED.sub("-<id>", _POD.sub("-<id>-<id>", line))
    return show_codes(_shape(_LONG.sub("00000000", line)))


def without_digits(text: str) -> str:
    """Give text with a zero for every digit."""
    return text.encode("utf-8", "surrogatepass").translate(_ZEROS).decode("utf-8", "surrogatepass")


def shape_of_alike(zeros: str) -> str | None:
    """Give the shape of all texts that `without_digits` makes the same; None where a digit may tell them apart."""
    line = _first_line(zeros)
    found = None if _TELLING.search(line) else shape(line)
    return None if found is None or _DIGIT.search(found) else found


def _first_line(text: str) -> str:
    return uncoloured(text).strip().partition("\n")[0]


@lru_cache(maxsize=4096)
def _shape(line: str) -> str:
    for mark, name, pattern in _PARTS:
        if mark in line:
            line = pattern.sub(_path if name == "path" else f"<{name}>", line)
    line = _HEX.sub("<id>", line)
    if _DIGIT.search(line):
        line = _NUMBER.sub("<n>", _MIXED.sub("<id>", _TOKEN.sub("<id>", line)))
    if line.count("<") > 1:
        line = _AGAIN.sub(r"\1", line)
    return " ".join(line.split()) or NO_TEXT


def _path(match: re.Match[str]) -> str:
    """Keep of a path the name of a program or a source file: it says what failed."""
    name = re.split(r"[/\\]", match[0])[-1]
    return f"<path>/{name}" if _SOURCE.search(name) else "<path>"


def fingerprint(type_: str, pattern: str) -> str:
    """Give the id of the failures of a type whose text has this shape: ten hexadecimal digits, the same everywhere."""
    return blake2b(f"{type_}\0{pattern}".encode("utf-8", "replace"), digest_size=5).hexdigest()
