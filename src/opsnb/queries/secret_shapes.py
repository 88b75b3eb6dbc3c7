"""Secrets that are known by their own form, whatever stands around them: keys, tokens, passwords in addresses."""

from __future__ import annotations

import re

MASK = "••••••••"

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

# scheme://user:password@host. What looks like a port ends the search, so that an @ further on is none of a password.
_USERINFO = re.compile(
    r"(?<=://)(?!\[)([^\s/?#@:\"'<>]{0,200}:)(?!\d{1,5}(?:[/?#\s\"'<>,;)\]]|$))"
    r"(?:[^\s/?#\"'<>]{1,500}@|[^\s\"'<>]{1,500}@|[^\s@/\"'<>]{1,500}$)"
)
# A user alone may be a token: Sentry's keys, access tokens of git servers.
_USER = re.compile(r"(?<=://)[A-Za-z0-9_-]{20,}(?=@)")
_SCHEMES = re.compile(
    r"\b((?i:bearer|basic|negotiate|digest)[ \t]{1,9})(?=[^\s\"',;]*(?:[0-9=]|[a-z][A-Z]))[^\s\"',;]{8,}"
)
_LOGIN = re.compile(r"(?<!\S)((?:-u|--user|--proxy-user)[ =][\"']?[^\s:\"'/]+:)[^\s\"']+")
_IDENTIFIED = re.compile(r"(?i)\b(identified[ \t]{1,9}by[ \t]{1,9})'(?:[^']|'')*'?")
_SHAPES = re.compile(
    r"(?<![\w-])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}"
    r"|gh[opusr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"
    r"|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}"
    r"|eyJ[\w-]{8,}(?:\.[\w-]*){0,4}"
    r"|sk-(?=[\w-]*\d)[\w-]{16,}|[rs]k_(?:live|test)_\w{8,}|whsec_\w{8,}"
    r"|AIza[\w-]{30,}|ya29\.[\w.-]{16,}|GOCSPX-[\w-]{16,}"
    r"|SG\.[\w-]{10,}\.[\w-]{10,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{20,}|pypi-[\w-]{20,}"
    r"|dop_v1_\w{16,}|dckr_pat_[\w-]{16,}|hv[sb]\.[\w-]{16,}|shp(?:at|ca|pa|ss)_\w{16,}"
    r")"
)
_HOOK = re.compile(r"(?<=hooks\.slack\.com/services/)[\w/-]+")
_MARKS = (
    "AKIA", "ASIA", "ABIA", "ACCA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "xapp-",
    "eyJ", "sk-", "k_live_", "k_test_", "whsec_", "AIza", "ya29.", "GOCSPX-", "SG.", "hf_", "npm_", "pypi-", "dop_v1_",
    "dckr_pat_", "hvs.", "hvb.", "shp",
)  # fmt: skip


def mask_shapes(text: str) -> str:
    """Mask what is known as a secret by its form, or by what SQL and curl have before it."""
    if "://" in text:
        text = _HOOK.sub(MASK, _USER.sub(MASK, _USERINFO.sub(rf"\1{MASK}@", text)))
    if any(mark in text for mark in _MARKS):
        text = _SHAPES.sub(MASK, text)
    if "-u" in text or "-user" in text:
        text = _LOGIN.sub(rf"\1{MASK}", text)
    if "'" in text:
        text = _IDENTIFIED.sub(rf"\1{MASK}", text)
    return _SCHEMES.sub(rf"\1{MASK}", text) if _may_hold_scheme(text) else text


def _may_hold_scheme(text: str) -> bool:
    lower = text.lower()
    return any(scheme in lower for scheme in ("bearer", "basic", "negotiate", "digest"))


def mask_private_keys(text: str) -> str:
    """Mask the blocks of private keys; one whose begin or end was cut off reaches to the text's own."""
    if "PRIVATE KEY" not in text:
        return text
    parts, at = [], 0
    if (end := _END.search(text)) and not _BEGIN.search(text, 0, end.start()):
        parts, at = [MASK], end.end()
    while begin := _BEGIN.search(text, at):
        end = _END.search(text, begin.end())
        parts += [text[at : begin.start()], MASK]
        at = end.end() if end else len(text)
    return "".join([*parts, text[at:]])
