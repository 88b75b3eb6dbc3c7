"""Errors as they are shown and grouped: one rule for lists, details, groups, evidence and handovers."""

from __future__ import annotations

from functools import lru_cache

from opsnb.queries.error_message import message
from opsnb.queries.fingerprints import fingerprint, shape, shape_of_alike, without_digits
from opsnb.queries.masking import Masker
from opsnb.queries.records import as_text

LENGTH = 300


class ErrorTexts:
    """Reads errors out of what a database gave: the message of a traceback, masked and short.

    Parameters
    ----------
    masker
        Masks the secrets.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        # Most failures differ from one before in digits that do not matter: one look serves them all.
        self._shape_of_alike = lru_cache(maxsize=1024)(lambda zeros: shape_of_alike(self._message(zeros)))

    def read(self, text: object) -> str | None:
        """Give the error of a record: what went wrong, masked, at most `LENGTH` characters."""
        plain = as_text(text)
        return None if plain is None else self._message(plain)

    def shape(self, text: object) -> str:
        """Give what the error has in common with others of its kind; see `opsnb.queries.fingerprints.shape`."""
        plain = as_text(text) or ""
        alike = self._shape_of_alike(without_digits(plain))
        return shape(self._message(plain)) if alike is None else alike

    def group(self, type_: object, text: object) -> str:
        """Give the group that a failure belongs to, by its type and its error's text."""
        return fingerprint(as_text(type_) or "", self.shape(text))

    def _message(self, text: str) -> str:
        return (self._masker.mask_error(message(text)) or "")[:LENGTH]
