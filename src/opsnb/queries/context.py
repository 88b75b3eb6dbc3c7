"""A run's context as it is shown: read whatever the column holds, and with the values of secret keys masked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from opsnb.bounds import is_id, parse_id
from opsnb.text import uncoloured

MASK = "••••••••"
MAX_DEPTH = 64


def read_context(text: object) -> dict[str, Any] | None:
    """Read the JSON text of a context; None where it is no JSON object."""
    if isinstance(text, Mapping):
        return dict(text)
    if not isinstance(text, str | bytes):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_id(value: object) -> int | None:
    """Read the number of a run out of JSON: a whole number, or text that holds exactly its digits; else None.

    JSON written by JavaScript holds large ids as text, since a JavaScript number has 53 bits.
    """
    if type(value) is int:  # not bool, which is an int to Python
        return value if is_id(value) else None
    number = parse_id(value) if isinstance(value, str) else None
    return number if str(number) == value else None


class Masker:
    """Masks the values of keys that look like secrets.

    Parameters
    ----------
    words
        Parts of such keys, compared without case or punctuation: "apikey" hits ``Api-Key`` and ``x_api_key``.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(_plain(word) for word in words if _plain(word))

    def is_secret(self, key: str) -> bool:
        """Whether a key's value must not be shown."""
        plain = _plain(key)
        return any(word in plain for word in self._words)

    def mask(self, value: Any, depth: int = 0) -> Any:
        """Copy a JSON value with secrets replaced by `MASK`, in its texts too; nesting beyond `MAX_DEPTH` is cut."""
        if depth > MAX_DEPTH and isinstance(value, dict | list):
            return "… nested too deeply to show"
        if isinstance(value, dict):
            return {key: MASK if self._hides(key, item) else self.mask(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mask(item, depth + 1) for item in value]
        return self.mask_text(value) if isinstance(value, str) else value

    def mask_text(self, text: str) -> str:
        """Mask what follows a secret word and a colon or equals sign in a text, up to the end of its value."""
        # The long way is taken only where a word may be there: other letters than ASCII may be one of its letters.
        plain = _plain(text) if text.isascii() else None
        if plain is not None and not any(word in plain for word in self._words):
            return text
        return self._named.sub(rf"\1{MASK}", text) if self._words and (":" in text or "=" in text) else text

    def line(self, error: str | None) -> str:
        """Give an error's text in one line as it may be shown: masked, without the colours of a terminal."""
        return " ".join(self.mask_text(uncoloured(error or "")).split())

    @cached_property
    def _named(self) -> re.Pattern[str]:
        letters = ("[^a-zA-Z0-9]*".join(map(re.escape, word)) for word in self._words)
        value = r"(\"[^\"]*\"?|'[^']*'?|[^\s,;}]+)"
        return re.compile(rf"((?:{'|'.join(letters)})\w*[\"']?\s*[:=]\s*){value}", re.IGNORECASE)

    def _hides(self, key: str, value: Any) -> bool:
        # An empty value, a flag or a null tells nobody a secret, and tells the reader that it was missing.
        return self.is_secret(key) and value not in (None, "", True, False)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())
