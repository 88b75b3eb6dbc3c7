"""``--identity proxy`` with ``--jwt-keys``: a signed token in a header names the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from tornado.httputil import HTTPServerRequest

from opsnb.errors import log
from opsnb.serve.identity.keys import KeyFile
from opsnb.serve.identity.names import foreign_name, one_header

_LEEWAY = 10  # seconds that clocks may disagree


@dataclass(frozen=True)
class ProxyJWT:
    """Believes a JSON Web Token that one of the keys signed, for this audience, by this issuer, until it expires.

    Parameters
    ----------
    keys
        Whose signatures count.
    header
        Header that holds the token, after ``Bearer`` or alone.
    claim
        Claim that names the user.
    audience, issuer
        What ``aud`` must hold and ``iss`` must be.
    """

    keys: KeyFile
    header: str
    claim: str
    audience: str
    issuer: str

    def vouches(self, request: HTTPServerRequest) -> bool:
        """Whether the token is good: then the proxy passed the request on."""
        return self.user(request) is not None

    def user(self, request: HTTPServerRequest) -> str | None:
        """Give the name in the token's claim."""
        token = _bare(one_header(request.headers, self.header) or "")
        try:
            claims = self._claims(token) if token else {}
        except jwt.PyJWTError as error:
            log.info("a token was refused: %s", error)
            return None
        if claims.get(f"{self.claim}_verified") in (False, "false"):
            return None
        return foreign_name(claims.get(self.claim))

    def holds(self, request: HTTPServerRequest) -> bool:
        """Whether the token is good still; the page connects anew, with the token that the proxy has by then."""
        return self.user(request) is not None

    def _claims(self, token: str) -> dict[str, Any]:
        key = self.keys.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise jwt.InvalidKeyError("no key has that id")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public,
            algorithms=[*key.algorithms],
            audience=self.audience,
            issuer=self.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "aud", "iss"]},
        )
        return claims


def _bare(text: str) -> str:
    kind, _, token = text.partition(" ")
    return token.strip() if kind.lower() == "bearer" else text
