"""Which names are names of secrets: `db_password` and `X-Api-Key` are, `max_tokens` and `secretary` are not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from opsnb.settings import SECRET_KEYS


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Names that are also parts of other words (bypass, author, session_count): a whole word, and the last of its name or
# before one of `TAIL`. All other names are also found at the end of a word: dbpassword, accesstoken.
WEAK = _listed("pass pwd auth jwt session cookie dsn signature authorization bearer")
TAIL = _listed(
    "id ids key keys value values header headers data string str text hash digest code raw jar cookie token secret"
    " basic v b x"
)
# Words behind a secret's name that tell something about it, and not the secret.
DESCRIBING = _listed(
    "count counts counter limit limits rate rates used usage type types kind length len size ttl expiry expires"
    " expired expiration expire timeout age policy policies name names required enabled disabled valid invalid"
    " validity verified status state method methods mode scheme provider service server manager handler endpoint url"
    " uri host port path file dir location domain error errors exception exceptions failure failures failed missing"
    " found denied changed updated created issued rotated version algorithm alg format prefix per max min total budget"
    " cost price scope scopes issuer audience strength attempts retries lifetime duration period interval window"
    " backend storage store driver pool workers"
)
# Secrets of which there are numbers, and words before these that say so: max_tokens, prompt_tokens.
COUNTED = _listed("token session cookie secret signature")
COUNTING = _listed(
    "max min maximum minimum num number count total used usage avg mean limit input output prompt completion cached"
    " reasoning remaining left new active open n"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_LONGEST = 200
_JOINED = 3  # words of a name at most: connection_string, shared_access_key


class Kind(NamedTuple):
    """What a name says of its value: whether it is a secret, and whether a number there is a count and no secret."""

    secret: bool
    counts: bool = False


_PLAIN = Kind(False)


class SecretNames:
    """Tells the names of secrets from others.

    Parameters
    ----------
    names
        Names of secrets, compared without case or punctuation. Those that this module knows are found by words; any
        other is found in every part of a name.
    """

    def __init__(self, names: Iterable[str]) -> None:
        plain = {_plain(name) for name in names} - {""}
        known = {_plain(name) for name in SECRET_KEYS}
        self._weak = frozenset(plain & WEAK)
        self._strong = frozenset((plain & known) - WEAK)
        self._parts = tuple(sorted(plain - known))
        self.kind = lru_cache(maxsize=4096)(self._kind)
        self._stems = tuple(sorted({_stem(name) for name in plain & known} | set(self._parts)))

    def __bool__(self) -> bool:
        return bool(self._stems)

    def occur_in(self, text: str) -> bool:
        """Whether a name may occur in a text; quick, and true too often."""
        plain = _plain(text) if self._parts or not text.isascii() else text.lower()
        return any(stem in plain for stem in self._stems)

    def is_secret(self, name: str) -> bool:
        """Whether a value of this name must not be shown."""
        return self.kind(name[-_LONGEST:]).secret

    def hides(self, name: str, value: object) -> bool:
        """Whether a value of this name must not be shown; a missing one, a flag and a count are no secret."""
        kind = self.kind(name[-_LONGEST:])
        if not kind.secret or value in (None, "", True, False):
            return False
        return not (kind.counts and isinstance(value, int | float))

    def _kind(self, name: str) -> Kind:
        plain = _plain(name)
        if plain in self._strong or any(part in plain for part in self._parts):
            return Kind(True)
        words, last = _words(name)
        for end in range(len(words), 0, -1):
            rest = words[end:]
            for found, plural, is_weak in self._ending(words[:end]):
                if rest and (DESCRIBING.intersection(rest) or ((is_weak or end <= last) and not TAIL.issuperset(rest))):
                    continue
                counts = plural and words[end - 1].removesuffix("s") in COUNTED
                if counts and COUNTING.intersection(words[: end - found]):
                    continue
                return Kind(True, counts)
        return _PLAIN

    def _ending(self, words: list[str]) -> Iterable[tuple[int, bool, bool]]:
        """Find names at the end of `words`: of how many words, whether in the plural, and whether weak."""
        for size in range(1, min(_JOINED, len(words)) + 1):
            joined = "".join(words[-size:])
            for plural, word in ((False, joined), (True, joined.removesuffix("s"))):
                if plural and word == joined:
                    continue
                if word in self._weak:
                    yield size, plural, True
                elif word in self._strong or (size == 1 and self._ends_in(word)):
                    yield size, plural, False

    def _ends_in(self, word: str) -> bool:
        """Whether a word is a name behind others, or a name before one of `TAIL`: dbpassword, sessionid."""
        stems = [word[: -len(tail)] for tail in TAIL if word.endswith(tail)]
        return any(one.endswith(tuple(self._strong)) for one in (word, *stems)) or not self._weak.isdisjoint(stems)


def _words(name: str) -> tuple[list[str], int]:
    """Split a name into its words; give also how many stand before its last part, where dots part it."""
    name = name if name.isascii() else unicodedata.normalize("NFKC", name)
    parts = [part for part in ([word.casefold() for word in _WORD.findall(one)] for one in name.split(".")) if part]
    return [word for part in parts for word in part], sum(map(len, parts[:-1]))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _stem(name: str) -> str:
    """Give what any spelling of a known name holds in one piece."""
    return "key" if name.endswith("key") else "string" if name.endswith("string") else name
