"""The reason given with Mark investigated."""

from __future__ import annotations

from unicodedata import category

from opsnb.errors import InvalidReason

SHORTEST, LONGEST = 5, 500
# Letters and symbols by their category that show nothing all the same: the fillers of Hangul and Braille.
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"


def clean(reason: object) -> str:
    """Trim a reason and hold it against the rule of the contract: required, 5 to 500 characters after trimming.

    Characters are Unicode code points, as databases count them too. Text in which nothing is to be seen is no reason.

    Raises
    ------
    InvalidReason
        With the rule that it breaks.
    """
    if not isinstance(reason, str) or not _shows(reason):
        raise InvalidReason("A reason is required.")
    text = reason.strip()
    if len(text) < SHORTEST:
        raise InvalidReason(f"The reason must have at least {SHORTEST} characters; it has {len(text)}.")
    if len(text) > LONGEST:
        raise InvalidReason(f"The reason must have at most {LONGEST} characters; it has {len(text)}.")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidReason("The reason must not hold a null character or half a character pair.")
    return text


def _shows(text: str) -> bool:
    """Whether there is a letter, number, punctuation mark or symbol in it."""
    return any(category(character)[0] in "LNPS" and character not in FILLERS for character in text)
