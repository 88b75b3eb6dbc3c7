"""Names that come from elsewhere, as far as they may name a platform user."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders

_LONGEST = 254  # of an email address


def one_header(headers: HTTPHeaders, name: str) -> str | None:
    """Give the text of a header that was sent once; sent twice, nobody can tell which of them was checked."""
    values = headers.get_list(name)
    if len(values) != 1:
        return None
    try:
        return values[0].encode("latin-1").decode("utf-8")  # tornado takes bytes for Latin-1; proxies send UTF-8
    except UnicodeError:
        return None


def foreign_name(text: object) -> str | None:
    """Give `text` if it may name a platform user: short, printable, and no number, which means another thing there."""
    if not isinstance(text, str) or not text or len(text) > _LONGEST:
        return None
    return text if text.isprintable() and text == text.strip() and not text.isdecimal() else None
