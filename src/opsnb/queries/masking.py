"""Masking: the one place where secrets are taken out of a run's context, its error's text and all other texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opsnb.queries.secret_names import SecretNames
from opsnb.queries.secret_shapes import MASK, mask_private_keys, mask_shapes
from opsnb.queries.secret_text import mask_named
from opsnb.text import uncoloured

MAX_DEPTH = 64
LABELS = frozenset(("name", "key", "header", "field", "variable", "var", "parameter", "param", "option", "property"))
VALUES = frozenset(("value", "values", "val", "content", "contents", "data", "default", "text"))
_GIVEN = re.compile(r"--?([A-Za-z][\w-]*)=(?=.)", re.DOTALL)
_FLAG = re.compile(r"--?[A-Za-z][\w-]*")


class Masker:
    """Masks secrets in JSON values and in texts.

    Parameters
    ----------
    names
        Names of secrets, such as "password" and "api_key", compared without case or punctuation; see `SecretNames`.
        Tokens and keys that are known by their form are masked whatever their name.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = SecretNames(names)

    def is_secret(self, key: str) -> bool:
        """Whether a key's value must not be shown."""
        return self._names.is_secret(key)

    def mask(self, value: Any, depth: int = 0) -> Any:
        """Copy a JSON value with secrets replaced by `MASK`, in its texts too; nesting beyond `MAX_DEPTH` is cut."""
        if depth > MAX_DEPTH and isinstance(value, dict | list):
            return "… nested too deeply to show"
        if isinstance(value, dict):
            return self._mask_map(value, depth)
        if isinstance(value, list):
            return self._mask_list(value, depth)
        return self.mask_text(value) if isinstance(value, str) else value

    def mask_text(self, text: str) -> str:
        """Mask the secrets in a text."""
        # By name before by form: the value of a name is masked whole, and not the token in it alone.
        text = mask_private_keys(text)
        if self._names and self._names.occur_in(text):
            text = mask_named(text, self._names)
        return mask_shapes(text)

    def mask_error(self, error: str | None) -> str | None:
        """Mask an error's text; one with a secret loses the colours of a terminal, which may stand within its name."""
        if error is None:
            return None
        plain = uncoloured(error)
        masked = self.mask_text(plain)
        return error if masked == plain else masked

    def _mask_map(self, value: Mapping[str, Any], depth: int) -> dict[str, Any]:
        hidden = VALUES if self._labels_secret(value) else frozenset[str]()
        masked: dict[str, Any] = {}
        for key, item in value.items():
            hide = self._names.hides(key, item) or (key.lower() in hidden and item not in (None, "", True, False))
            masked[_unused(self.mask_text(key), masked)] = MASK if hide else self.mask(item, depth + 1)
        return masked

    def _labels_secret(self, value: Mapping[str, Any]) -> bool:
        """Whether a map is a pair that names a secret: ``{"name": "DB_PASSWORD", "value": …}``."""
        labels = (item for key, item in value.items() if key.lower() in LABELS and isinstance(item, str))
        return len(value) > 1 and any(self.is_secret(label) for label in labels)

    def _mask_list(self, value: list[Any], depth: int) -> list[Any]:
        """Mask a list's items; what follows an argument such as ``--password`` is its value."""
        if depth and len(value) == 2 and isinstance(value[0], str) and self._names.hides(value[0], value[1]):
            return [value[0], MASK]
        return [
            MASK if names_next and item not in (None, "", True, False) else self._mask_item(item, depth + 1)
            for names_next, item in zip(self._names_next(value), value, strict=True)
        ]

    def _mask_item(self, item: Any, depth: int) -> Any:
        """Mask an item of a list; an argument such as ``--password=…`` is one value, whatever blanks it holds."""
        given = _GIVEN.match(item) if isinstance(item, str) else None
        return f"{given[0]}{MASK}" if given and self.is_secret(given[1]) else self.mask(item, depth)

    def _names_next(self, value: list[Any]) -> Iterator[bool]:
        """Tell of each item whether the one before it is an argument that names a secret."""
        before = None
        for item in value:
            yield isinstance(before, str) and bool(_FLAG.fullmatch(before)) and self.is_secret(before)
            before = item


def _unused(key: str, taken: Mapping[str, Any]) -> str:
    """Keep keys apart that masking has made the same."""
    return key if key not in taken else _unused(f"{key} ", taken)
