"""The way to tell who asks that the options choose; one that could not hold is refused."""

from __future__ import annotations

import re
from importlib.util import find_spec

from opsnb.connecting import configured_actor
from opsnb.errors import BadInput
from opsnb.serve.identity.one_viewer import OneViewer
from opsnb.serve.identity.options import IdentityOptions
from opsnb.serve.identity.proxy_header import ProxyHeader, take_secret
from opsnb.serve.identity.token_file import read_tokens
from opsnb.serve.identity.tokens import Tokens
from opsnb.serve.identity.verifier import Verifier
from opsnb.serve.identity.watched import Watched

_OPEN = (
    "Whoever reaches {ip} would see what {who} may see: name an --identity, or say that this is meant"
    " with --anyone-who-reaches-this-address-may-look."
)
_NOBODY = "Nobody is named as the viewer; name a platform user with --actor."
_NO_LIBRARY = "Signed tokens need PyJWT, which is not installed; run: pip install 'opsnb[jwt]'"
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")


def choose(options: IdentityOptions, actor: str | None, ip: str, *, local: bool) -> Verifier:
    """Give what tells who asks.

    Parameters
    ----------
    options
        The way that is wanted.
    actor
        The configured viewer; None for the login name.
    ip, local
        The address listened on, and whether only this machine reaches it.

    Raises
    ------
    BadInput
        If the options would let in whom they should not, or contradict each other.
    """
    for one in options.astray():
        raise BadInput("{flag} belongs to --identity {kind}.".format(**one.metadata))
    if options.kind == "proxy":
        return _signed(options) if options.jwt_keys else _vouched(options)
    if options.tokens:
        return Tokens(Watched(options.tokens, read_tokens).content)
    who = str(configured_actor(actor or ""))
    if not who:
        raise BadInput(_NOBODY)
    if options.kind == "token":
        return Tokens.of(who)
    if options.kind != "none":
        raise BadInput(f"There is no --identity {options.kind}.")
    if not local and not options.anyone_may_look:
        raise BadInput(_OPEN.format(ip=ip or "this machine", who=who))
    return OneViewer(who)


def _vouched(options: IdentityOptions) -> Verifier:
    if options.jwt_audience or options.jwt_issuer:
        raise BadInput("--jwt-audience and --jwt-issuer are checked by --jwt-keys; name the file of the keys.")
    for header in (options.user_header, options.secret_header):
        _ensure_header(header)
    if options.user_header.lower() == options.secret_header.lower():
        raise BadInput("The proxy must name the user in one header and show its secret in another.")
    return ProxyHeader(options.user_header, options.secret_header, take_secret(options.secret_file))


def _signed(options: IdentityOptions) -> Verifier:
    if find_spec("jwt") is None or find_spec("cryptography") is None:
        raise BadInput(_NO_LIBRARY)
    from opsnb.serve.identity.keys import KeyFile
    from opsnb.serve.identity.proxy_jwt import ProxyJWT

    if options.secret_file:
        raise BadInput("A proxy either signs what it says (--jwt-keys) or shows a secret (--proxy-secret-file).")
    if not options.jwt_audience or not options.jwt_issuer:
        raise BadInput("--jwt-keys needs --jwt-audience and --jwt-issuer: the keys may sign for others as well.")
    _ensure_header(options.jwt_header)
    if options.jwt_keys is None or not options.jwt_claim:
        raise BadInput("--jwt-claim must name the claim that names the user.")
    keys = KeyFile(options.jwt_keys)
    return ProxyJWT(keys, options.jwt_header, options.jwt_claim, options.jwt_audience, options.jwt_issuer)


def _ensure_header(name: str) -> None:
    if not _HEADER.fullmatch(name):
        raise BadInput(f"{name!r} is not the name of a header.")
