"""The public keys in a PEM or JWKS file, read again when it changes, so that keys can be rotated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from jwt import PyJWKSet
from jwt.exceptions import PyJWTError

from opsnb.errors import BadInput
from opsnb.serve.identity.watched import Watched

# By the type of the key and never by what a token says: no shared secret and no "none" can come in.
_ALGORITHMS: dict[type, tuple[str, ...]] = {
    RSAPublicKey: ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    EllipticCurvePublicKey: ("ES256", "ES384", "ES512"),
    Ed25519PublicKey: ("EdDSA",),
}
_UNREADABLE = (ValueError, RecursionError, TypeError, AttributeError, KeyError, UnsupportedAlgorithm, PyJWTError)


@dataclass(frozen=True)
class Key:
    """A public key, and the algorithms that a signature by it may name."""

    public: Any
    algorithms: tuple[str, ...]


class KeyFile:
    """The keys that sign identities.

    Raises
    ------
    BadInput
        If the file holds no public key, or one that is not public.
    """

    def __init__(self, path: Path) -> None:
        self._file = Watched(path, read_keys)

    def find(self, kid: object) -> Key | None:
        """Give the key of that id; the only key there is needs none."""
        keys = self._file.content()
        if kid is None or None in keys:
            return next(iter(keys.values())) if len(keys) == 1 else None
        return keys.get(kid) if isinstance(kid, str) else None


def read_keys(path: Path) -> dict[str | None, Key]:
    """Read a file of public keys, by their id; the key of a PEM file has none.

    Raises
    ------
    BadInput
        If the file cannot be read or holds anything else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = {None: _pem(text.encode())} if text.lstrip().startswith("-----BEGIN") else _jwks(text)
        return {kid: _key(public) for kid, public in found.items()}
    except OSError as error:
        raise BadInput(f"The keys in {path} cannot be read: {error.strerror}.") from error
    except _UNREADABLE as error:
        raise BadInput(f"{path} must be a PEM file with one public key, or a JWKS file of public keys.") from error


def _pem(text: bytes) -> Any:
    if text.count(b"-----BEGIN") > 1:
        raise ValueError("which of them signs cannot be told; a JWKS file can")
    if b"BEGIN CERTIFICATE" in text:
        return load_pem_x509_certificate(text).public_key()
    return load_pem_public_key(text)


def _jwks(text: str) -> dict[str | None, Any]:
    keys = [key for key in PyJWKSet.from_json(text).keys if key.public_key_use in (None, "sig")]
    found = {key.key_id: key.key for key in keys}
    if len(found) != len(keys) or (None in found and len(found) > 1):
        raise ValueError("each key needs an id of its own")
    return found


def _key(public: Any) -> Key:
    for kind, algorithms in _ALGORITHMS.items():
        if isinstance(public, kind):
            return Key(public, algorithms)
    raise ValueError("no public key that signs")
