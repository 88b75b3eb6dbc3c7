"""Codes in an error's text: of exits, signals, errors, HTTP and databases. They say what went wrong, and stay."""

from __future__ import annotations

import re

# Digits of a code are written with other characters until everything else that varies has been replaced.
_HIDDEN = {ord("0") + digit: 0xE000 + digit for digit in range(10)}
_SHOWN = {hidden: digit for digit, hidden in _HIDDEN.items()}

_ENDS = r"(?![\w]|[.,:]\d)"
_UNITS = r"(?! ?(?:s|ms|us|sec|seconds?|min|minutes?|h|hours?|times?|of|x)\b)"
# No count of something: neither "5 devices" nor "5.2".
_ALONE = r"(?! (?!for|from|on|at|after|while|in|by|and|when|to|with|but|was|is)[a-z])"
_NUMBER = rf"-?(?:0x[0-9a-f]+|\d{{1,10}}){_ENDS}"
_NAMED = (
    r"exit(?:ed|s)?(?:[ _-](?:with|code|status|value|of|is|non-?zero))*",
    r"return(?:ed|s)?(?:[ _-](?:code|value|status)|(?: a)? non-?zero(?: exit)?(?: status| code)?)",
    r"(?:result|response|return|ret|err|error|exit|status|fault|reason|sub|sql|native|http)?[ _-]?code"
    r"(?: of| is| was)?",
    r"(?:http|exit|response|os|sub)?[ _-]?status(?: of| is| was)?",
    r"rc|retcode|http(?:/\d(?:\.\d)?)?(?:[ _-](?:status|error|code))*",
    r"errno|os error|error[ _-]?(?:number|no)\.?|winerror|last[ _-]?error|native[ _-]?error|alert number",
    r"signal|sig|hresult|terminated by|killed by|sqlcode",
)
_PATTERNS = (
    rf"(?<![A-Za-z])(?:{'|'.join(_NAMED)})[\"']?[ \t]*[:=#(\[]?[ \t]*[\"']?{_NUMBER}{_UNITS}",
    # An error's own number, also with letters: error 1205, error TS2345, ERROR 1045 (28000), [E0382].
    rf"(?<![A-Za-z])error[ :#(\[]{{1,2}}(?:[a-z]{{1,8}}-?\d{{2,6}}{_ENDS}|{_NUMBER}{_UNITS}{_ALONE})"
    r"(?: \([0-9a-z]{5}\))?",
    rf"(?<![A-Za-z])code[\"']?[ \t]*[:=][ \t]*[a-z]{{1,12}}[-_]?\d{{1,6}}{_ENDS}",
    # The status of HTTP, after what says that somebody answered, before its own words, and in brackets.
    rf"(?<![A-Za-z])(?:respon(?:ded|ds|se)|answer(?:ed|s)|got|received|repl(?:ied|ies)|returned|returns|gave|upstream|"
    rf"said)(?: with)?[ :]+(?:an? )?(?:http )?\d{{3}}{_ENDS}{_UNITS}{_ALONE}",
    rf"(?<![A-Za-z])(?:fail(?:ed|s)|finished|died|ended|quit) with[ :]+\d{{1,3}}{_ENDS}{_UNITS}{_ALONE}",
    r"(?<![\w.,:-])[45]\d\d(?= (?-i:[A-Z])| (?:page not|not found|bad |forbidden|unauthori|service |internal |gateway "
    r"|too many|conflict|gone\b))",
    r"\([45]\d\d\)",
    r"(?-i:SIG[A-Z]{2,8})[ :(]{1,2}\d{1,2}\b",
    r"sql[ _]?state[\"']?[ \t:=(\[]{0,3}[\"']?[0-9a-z]{5}\b[\"']?",
    r"curl: \(\d{1,2}\)",
    r"\(\d{3,5}(?=, [\"'])|(?<=violation: )\d{4}\b",
    r"\[(?:\d\d[a-z]\d\d|hy\d{3}|im\d{3})\]",
    r"\bmsg \d+, level \d+, state \d+",
    # Numbers with which databases, compilers and Windows begin their own.
    rf"(?<![\w-])(?-i:(?:ORA|TNS|PLS|DPY|DPI|SP2|RMAN|KUP|UDE)-\d{{3,6}}|(?:AADSTS|CS|TS|MSB|NU|NETSDK|LNK|HHH|WFLY[A-Z]*)"
    rf"\d{{4,8}}|SQL\d{{4,5}}[NWC]){_ENDS}",
    r"\b0x(?:80[0-4][0-9a-f]{5}|c0000[0-9a-f]{3})\b",
)  # fmt: skip
_CODE = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
_QUOTED = re.compile(
    r"((?<![A-Za-z])(?:[a-z]*[ _-]?code|sql[ _]?state|status|errno)[\"']?[ \t]*[:=]?[ \t]*)"
    r"[\"'](-?[A-Za-z0-9][A-Za-z0-9_.-]{0,60})[\"'](?!:)",
    re.IGNORECASE,
)


def hide_codes(line: str) -> str:
    """Write the digits of codes with characters that are no digits; a quoted code loses its quotes."""
    if "'" in line or '"' in line:
        line = _QUOTED.sub(lambda found: found[1] + found[2].translate(_HIDDEN), line)
    return _CODE.sub(lambda found: found[0].translate(_HIDDEN), line)


def show_codes(line: str) -> str:
    """Write them with digits again."""
    return line.translate(_SHOWN) if not line.isascii() else line
