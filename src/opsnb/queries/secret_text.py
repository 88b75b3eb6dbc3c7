"""Values of secret names in text: ``password=…``, ``Cookie: …``, ``"token": "…"``, ``--api-key …``.

A name is found by what follows it, and its value is read to where it ends: by its quotes, its brackets or its line.
Every search is bounded or moves on, so that the time grows with the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from opsnb.queries.secret_names import SecretNames
from opsnb.queries.secret_shapes import MASK

_PAIR = re.compile(
    r"(?<![\w.-])(?<!::)(?P<name>[\w.-]++)(?P<quote>\]?\\{0,8}[\"'`]?\]?)(?P<blank>[ \t]{0,40})"
    r"(?P<mark>=>|:=|==?|:(?![:/])|:(?=/(?!/))|%3[AaDd])(?P<after>[ \t]*+)"
)
_FLAG = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]*+)[ \t]++(?=[^\s-]|-[^-])")
_NEAR = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)[ \t]{1,4}(?=['\"])")
_ELEMENT = re.compile(r"<(?P<name>[\w.:-]++)(?:\s[^<>]*+)?>(?P<value>[^<>]++)(?=</|$)")
_OPEN = re.compile(r"[bBuUrRfF]{0,2}(\\{0,8})([\"'`])")
_CALL = re.compile(r"[\w.]++\(|[\[({]")
_LABEL = re.compile(r"\\{0,8}[\"'`]?([\w.-]{1,200})")
_HEADER_STOP = re.compile(r"\\{0,4}[\"'`](?=[ \t]{0,4}(?:[,;}\])]|$| -))")
_BRACKET = re.compile(r"[\[\](){}]")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|digest|token|negotiate|apikey)[ \t]+")
_BEFORE = re.compile(r"([A-Za-z]{2,20})[ \t]+$")
_SECOND = frozenset(("key", "keys", "id", "string", "phrase", "word"))
_NEXT = r"[\"'\\]{0,4}[A-Za-z_][\w.-]{0,60}[\"'\\]{0,4}[ \t]{0,4}[:=]"
_NEXT_ADO = r"[A-Za-z][\w ]{0,60}="  # names of connection strings hold blanks: User Id=
# Where a value ends that may hold blanks: at the next name, and at a quote around it all.
_PHRASE_STOP = re.compile(
    rf"(?<![ \t])[ \t]+(?=[A-Za-z_][\w.-]{{0,60}}[\"']?[ \t]{{0,4}}[:=](?!/))|[,;&][ \t]{{0,4}}(?={_NEXT})"
    r"|\\{0,4}[\"'`](?=[ \t]{0,4}(?:[,;}\])]|$))"
)
# And where one ends that holds none.
_WORD_STOP = re.compile(
    rf"\s|[,;](?=[\"'\\\s]|$|{_NEXT})|;(?={_NEXT_ADO})|&(?=[\w.\[\]%-]{{1,60}}=|\s|$)|\\{{0,4}}[\"'`](?=[,;}}\])\s]|$)"
    r"|(?<![}\])])[}\])]{1,50}[,;.]?(?=\s|$)"
)
_ADO = re.compile(rf"[^;=\n]{{1,400}}(?=;[ \t]{{0,4}}(?:$|\n|{_NEXT_ADO}))")
_NOTHING = re.compile(r"(?i)(?:|null|none|nil|true|false|undefined|\*+)[,;.]?")
_PATH = re.compile(r"(?:~|/|[A-Za-z]:\\)[\w./\\~-]*")
_SIGNED = frozenset(("sig", "key", "sas", "hmac"))  # of a query string alone
_LABELS = frozenset(("name", "key", "header", "field", "variable", "var", "parameter", "param", "option", "property"))
_VALUES = frozenset(("value", "values", "val", "content", "contents", "data", "default"))
_APART = 200  # characters between a pair's name and its value
_BLOCK = re.compile(r"[|>][+-]?[ \t]*(?=\n)")


def mask_named(text: str, names: SecretNames) -> str:
    """Mask what a text gives as the values of secret `names`."""
    text = _replace(text, _spans_of_pairs(text, names))
    if "-" in text:
        text = _replace(text, _spans_of(_FLAG, text, names.is_secret))
    if "'" in text or '"' in text:
        text = _replace(text, _spans_of(_NEAR, text, lambda name: "pass" in name.lower() and names.is_secret(name)))
    return _mask_elements(text, names) if "<" in text else text


def _replace(text: str, spans: Iterator[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], MASK]
        at = end
    return "".join([*parts, text[at:]])


def _spans_of_pairs(text: str, names: SecretNames) -> Iterator[tuple[int, int]]:
    at, line_end, labelled = 0, -1, -_APART
    while pair := _PAIR.search(text, at):
        at = pair.end()
        if at > line_end:
            line_end = _end_of_line(text, at)
        name = _whole_name(text, pair)
        of_label = pair["name"].lower() in _VALUES and pair.start() - labelled < _APART
        if names.is_secret(name) or of_label or _is_signature(text, pair):
            span = _value_of(text, pair, name, line_end)
            if span and not _tells_nothing(names, name, text[slice(*span)]):
                yield span
                at = span[1]
        elif pair["name"].lower() in _LABELS and (label := _LABEL.match(text, at)) and names.is_secret(label[1]):
            labelled = label.end()


def _spans_of(pattern: re.Pattern[str], text: str, is_secret: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    at = 0
    while found := pattern.search(text, at):
        at = found.end()
        if is_secret(found["name"]):
            span = _quoted(text, at) or (at, _word_end(text, at, len(text)))
            if not _NOTHING.fullmatch(text[slice(*span)].strip("\\\"'`")):
                yield span
            at = max(at, span[1])


def _whole_name(text: str, pair: re.Match[str]) -> str:
    """Give a name of two words where the second alone tells nothing: "api key", "session id"."""
    name = pair["name"]
    if name.lower() in _SECOND and (before := _BEFORE.search(text, max(0, pair.start() - 32), pair.start())):
        return f"{before[1]} {name}"
    return name


def _is_signature(text: str, pair: re.Match[str]) -> bool:
    return pair.start() > 0 and text[pair.start() - 1] in "?&" and pair["name"].lower() in _SIGNED


def _tells_nothing(names: SecretNames, name: str, value: str) -> bool:
    """Whether a value is missing, a count, or the working directory, so that it is no secret."""
    plain = value.strip("\\\"'`")
    if _NOTHING.fullmatch(plain) or (name.lower() == "pwd" and _PATH.fullmatch(plain)):
        return True
    return plain.rstrip(",;.").isdecimal() and names.kind(name).counts


def _value_of(text: str, pair: re.Match[str], name: str, line_end: int) -> tuple[int, int] | None:
    """Find where the value of a name starts and ends; None where nothing follows."""
    at = pair.end()
    if text.startswith(MASK, at):
        return None
    if at == line_end or _BLOCK.match(text, at):
        return _block(text, pair, line_end)
    if (span := _quoted(text, at) or _bracketed(text, at, line_end)) is not None:
        return span
    around = text[pair.start() - 1] if pair.start() and not pair["quote"] else ""
    if around in ('"', "'", "`") and (end := text.find(around, at, line_end)) >= 0:
        line_end = end
    lower = name.lower()
    if lower.endswith("cookie") or (lower.endswith("authorization") and pair["mark"] == ":"):
        stop = _HEADER_STOP.search(text, at, line_end)
    elif pair["after"] or pair["blank"]:
        stop = _PHRASE_STOP.search(text, at, line_end)
    else:
        return at, _compact_end(text, at, line_end)
    return at, stop.start() if stop else line_end


def _compact_end(text: str, at: int, line_end: int) -> int:
    """Find the end of a value behind ``name=`` without a blank: it ends at one, save within ``Password=…;``."""
    if found := _ADO.match(text, at, line_end):
        return found.end()
    scheme = _SCHEME.match(text, at, line_end)
    return _word_end(text, scheme.end() if scheme else at, line_end)


def _word_end(text: str, at: int, limit: int) -> int:
    stop = _WORD_STOP.search(text, at, limit)
    return stop.start() if stop else limit


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _quoted(text: str, at: int) -> tuple[int, int] | None:
    """Find the end of a quoted value; not closed on its line, it ends with that, or at a later quote that ends it."""
    opened = _OPEN.match(text, at)
    if opened is None:
        return None
    close, line_end = _closing(*opened.groups()), _end_of_line(text, at)
    if found := close.search(text, opened.end(), line_end):
        return at, found.end()
    later = close.search(text, opened.end())
    if later and (later.end() == len(text) or text[later.end()] in " \t\r\n,;}])&"):
        return at, later.end()
    return at, line_end


def _closing(slashes: str, quote: str) -> re.Pattern[str]:
    # Quotes within a text that was quoted twice carry more backslashes than its own.
    if slashes:
        return re.compile(rf"(?<!\\){re.escape(slashes + quote)}")
    return re.compile(rf"(?<!\\)(?:\\\\)*{quote}")


def _bracketed(text: str, at: int, line_end: int) -> tuple[int, int] | None:
    """Find the end of a value in brackets, such as a list, or in a call; one that is not closed ends with the text.

    A parenthesis that is not closed ends with its line: tracebacks cite the first lines of calls.
    """
    opened = _CALL.match(text, at)
    if opened is None:
        return None
    limit = line_end if opened[0].endswith("(") else len(text)
    depth = 0
    for bracket in _BRACKET.finditer(text, opened.end() - 1, limit):
        depth += 1 if bracket[0] in "[({" else -1
        if not depth:
            return at, bracket.end()
    return at, limit


def _block(text: str, pair: re.Match[str], line_end: int) -> tuple[int, int] | None:
    """Find the lines below a name that are indented deeper, as YAML has them."""
    start = text.rfind("\n", 0, pair.start()) + 1
    if text[start : pair.start()].strip(" -"):
        return None
    indent, end = pair.start() - start, line_end
    while end < len(text):
        after = _end_of_line(text, end + 1)
        line = text[end + 1 : after]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent and not line.lstrip(" ").startswith("- "):
            break
        end = after
    return (line_end + 1, end) if end > line_end + 1 else None


def _mask_elements(text: str, names: SecretNames) -> str:
    """Mask the content of XML elements with secret names."""

    def masked(found: re.Match[str]) -> str:
        if not names.is_secret(found["name"]) or _NOTHING.fullmatch(found["value"].strip()):
            return found[0]
        return found[0][: found.start("value") - found.start()] + MASK

    return _ELEMENT.sub(masked, text)
