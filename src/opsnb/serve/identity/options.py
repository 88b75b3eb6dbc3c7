"""How the server is told who asks."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

KINDS = ("none", "proxy", "token")


def _of(kind: str, flag: str, default: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "flag": flag})


@dataclass(frozen=True)
class IdentityOptions:
    """How it is known who asks.

    Parameters
    ----------
    kind
        "none": everybody is the one configured viewer; "proxy": a proxy says so; "token": each brings a token.
    anyone_may_look
        Listen beyond this machine although nobody is asked who they are.
    user_header, secret_header
        Headers in which the proxy names the user and shows its secret.
    secret_file
        File with that secret; None for the environment.
    jwt_keys
        PEM or JWKS file: the proxy signs what it says.
    jwt_header, jwt_claim, jwt_audience, jwt_issuer
        Where the signed token is, which of its claims names the user, for whom and by whom it must be.
    tokens
        File of hashed tokens; None for one token of the configured viewer, made at the start.
    """

    kind: str = "none"
    anyone_may_look: bool = _of("none", "--anyone-who-reaches-this-address-may-look", False)
    user_header: str = _of("proxy", "--proxy-user-header", "X-Forwarded-Email")
    secret_header: str = _of("proxy", "--proxy-secret-header", "X-Opsnb-Secret")
    secret_file: Path | None = _of("proxy", "--proxy-secret-file", None)
    jwt_keys: Path | None = _of("proxy", "--jwt-keys", None)
    jwt_header: str = _of("proxy", "--jwt-header", "Authorization")
    jwt_claim: str = _of("proxy", "--jwt-claim", "email")
    jwt_audience: str = _of("proxy", "--jwt-audience", "")
    jwt_issuer: str = _of("proxy", "--jwt-issuer", "")
    tokens: Path | None = _of("token", "--tokens", None)

    def astray(self) -> list[Field[Any]]:
        """Give the fields that are set and belong to another kind."""
        return [
            one for one in fields(self)
            if one.metadata.get("kind", self.kind) != self.kind and getattr(self, one.name) != one.default
        ]  # fmt: skip
