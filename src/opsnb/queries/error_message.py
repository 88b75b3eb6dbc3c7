"""What an error's text says went wrong: of a traceback the line of its exception, else the text itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from opsnb.text import uncoloured

# An exception stands at the end of a traceback (Python) or at its head (most others): of a long text both are taken.
HEAD, TAIL = 1_000, 3_000
CUT = "\x1e"  # stands between them
LONGEST = 1_000  # characters of a message, with the lines that belong to it

_FRAME = re.compile(r"^(?:[ \t]*\|)?(?P<indent>[ \t]+)File \"[^\"]*\", line \d+")
_BAR = re.compile(r"^[ \t]*\| ?")
_GROUP = re.compile(r"^[ \t|]*(?P<line>[\w.]*ExceptionGroup: .*\(\d+ sub-exceptions?\))[ \t]*$")
_FIRST = re.compile(r"^[ \t|]*\+-\+?-{3,} \d+ -{3,}")
_CLASS = re.compile(r"^[A-Za-z_][\w.]*(?:: .*)?$")
_CELL = re.compile(r"^(?P<name>[A-Za-z_][\w.]*) {2,}Traceback \(most recent call last\)")
_AT = re.compile(r"^\s+at .*(?:[(:]\S|<anonymous>)")
_CAUSED = re.compile(r"^(?P<indent>\s*)(?:Caused by|\[cause\]): (?P<line>\S.*?)(?: \{)?$")
_MORE = re.compile(r"^\s*(?:\.\.\. \d+ |--- End of|\[cause\]|Suppressed: )")
_INNER = re.compile(r"---> (?:\(Inner Exception #\d+\) )?(?P<line>.*)")
_THROWN = re.compile(
    r"^(?:Exception in thread \"[^\"]*\" |Unhandled exception\. ?|Uncaught )?"
    r"(?P<line>(?:[\w$]+[.:/]+)*[\w$]*(?:Error|Exception|Throwable|Fault|Failure)\b.*)"
)
_RUBY = re.compile(r"^\S+:\d+:in [`'].*?': (?P<line>.* \([A-Z]\w*(?:::\w+)*\))$")
_FROM = re.compile(r"^\s+(?:\d+: )?from \S+:\d+")
_GOROUTINE = re.compile(r"^goroutine \d+ \[")
_PANIC = re.compile(r"^\s*(?P<line>(?:panic|fatal error): .*?)(?: \[recovered\])?$")
_RUST = re.compile(r"^thread '.*' (?:\(\d+\) )?panicked at .*:$")
_WHAT = re.compile(r"^terminate called after throwing an instance of '(?P<name>[^']*)'$")

Lines = Sequence[str]


def take(text: str) -> str:
    """Take the head and the tail of a long text, as the database does it (`opsnb.queries.errors_in_context`)."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}{CUT}{text[-TAIL:]}"


def message(text: str) -> str:
    """Give what a text that was taken says went wrong, with the lines that belong to it.

    That is the last exception of a Python traceback, of an exception group with its first sub-exception; the last
    cause of Java, Node and Ruby; the innermost exception of .NET; the panic of Go and Rust. Text of any other form is
    given as it is, up to where it was cut.
    """
    head, lines = _split(text)
    if len(lines) > 1:
        for find in _KINDS:
            if found := find(lines):
                return "\n".join(found)[:LONGEST].strip()
    return head[:LONGEST]


def _split(text: str) -> tuple[str, Lines]:
    """Give a text up to where it was cut, and its lines; those that were cut apart are left out."""
    was_cut = len(text) == HEAD + 1 + TAIL and text[HEAD] == CUT
    head, tail = (text[:HEAD], text[HEAD + 1 :]) if was_cut else (text, "")
    lines = _lines(head)
    return head, [*lines[:-1], *_lines(tail)[1:]] if was_cut else lines


def _lines(text: str) -> list[str]:
    plain = uncoloured(text)
    if "\n" not in plain and "\\n" in plain:  # written as a literal
        plain = plain.replace("\\n", "\n").replace("\\t", "\t")
    return plain.replace("\r\n", "\n").split("\n")


def _python(lines: Lines) -> Lines | None:
    """Find the last exception: the first line behind the last frame that is not indented as deep as it."""
    frames = [at for at, line in enumerate(lines) if _FRAME.match(line)]
    if not frames:
        return None
    if group := _exception_group(lines):
        return group
    depth = len(_indent(lines[frames[-1]]))
    for at in range(frames[-1] + 1, len(lines)):
        if lines[at].strip() and len(_indent(lines[at])) < depth:
            own = [_BAR.sub("", line) for line in lines[at:]]
            return _caused(own) or own
    return None


def _indent(line: str) -> str:
    line = _BAR.sub(" ", line)
    return line[: len(line) - len(line.lstrip())]


def _exception_group(lines: Lines) -> Lines | None:
    """Find the group's line, and the first exception in it that is no group."""
    group = next((found for line in lines if (found := _GROUP.match(line))), None)
    first = next((at for at, line in enumerate(lines) if _FIRST.match(line)), None)
    if group is None or first is None:
        return None
    inner = (_BAR.sub("", line) for line in lines[first:])
    leaf = next((line for line in inner if _CLASS.match(line) and not _GROUP.match(line)), None)
    return [f"{group['line']}: {leaf}"] if leaf else [group["line"]]


def _notebook(lines: Lines) -> Lines | None:
    """Find the exception below a traceback as IPython writes it."""
    head = next((found for line in lines if (found := _CELL.match(line))), None)
    if head is None:
        return None
    last = [at for at, line in enumerate(lines) if line == head["name"] or line.startswith(f"{head['name']}:")]
    return lines[last[-1] :] if last else None


def _thrown(lines: Lines) -> Lines | None:
    """Find the exception above the first frame of Java, JavaScript or .NET, or what caused it."""
    first = next((at for at, line in enumerate(lines) if _AT.match(line)), None)
    if not first:
        return None
    if caused := _caused(lines):
        return caused
    above = lines[:first]
    for at in range(first - 1, -1, -1):
        if inner := list(_INNER.finditer(above[at])):
            return [inner[-1]["line"].rpartition("---> ")[2], *above[at + 1 :]]
        if thrown := _THROWN.match(above[at]):
            return [thrown["line"], *above[at + 1 :]]
    return next(([line] for line in reversed(above) if line.strip()), None)


def _caused(lines: Lines) -> Lines | None:
    """Find the last cause; one that is indented belongs to an exception beside it, unless there is no other."""
    found = [(at, cause) for at, line in enumerate(lines) if (cause := _CAUSED.match(line))]
    if not found or not any(_AT.match(line) for line in lines):
        return None
    own = [(at, cause) for at, cause in found if not cause["indent"]] or found
    at, cause = own[-1]
    return [cause["line"], *_until_frames(lines[at + 1 :])]


def _until_frames(lines: Lines) -> Lines:
    end = next((at for at, line in enumerate(lines) if _AT.match(line) or _MORE.match(line)), len(lines))
    return lines[:end]


def _ruby(lines: Lines) -> Lines | None:
    if not any(_FROM.match(line) for line in lines):
        return None
    found = [match["line"] for line in lines if (match := _RUBY.match(line))]
    return found[-1:]


def _go(lines: Lines) -> Lines | None:
    end = next((at for at, line in enumerate(lines) if _GOROUTINE.match(line)), None)
    return None if end is None else [match["line"] for line in lines[:end] if (match := _PANIC.match(line))][-1:]


def _rust(lines: Lines) -> Lines | None:
    at = next((at for at, line in enumerate(lines[:-1]) if _RUST.match(line)), None)
    return None if at is None else [f"{lines[at]} {lines[at + 1]}"]


def _cpp(lines: Lines) -> Lines | None:
    at = next((at for at, line in enumerate(lines[:-1]) if _WHAT.match(line)), None)
    found = None if at is None else _WHAT.match(lines[at])
    what = "" if at is None else lines[at + 1].strip().removeprefix("what():").strip()
    return [f"{found['name']}: {what}"] if found else None


_KINDS: tuple[Callable[[Lines], Lines | None], ...] = (_go, _rust, _cpp, _ruby, _notebook, _python, _thrown)
