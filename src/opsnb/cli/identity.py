"""The options of ``opsnb serve`` that say how it is known who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from opsnb.serve.identity.options import KINDS, IdentityOptions

_FILE = click.Path(dir_okay=False, path_type=Path)
_DEFAULTS = IdentityOptions()
_FLAGS = {one.name: one.metadata["flag"] for one in fields(IdentityOptions) if one.metadata}


def _option(name: str, help_: str, **more: Any) -> Callable[..., Any]:
    return click.option(_FLAGS[name], name, help=help_, **more)


def _text(name: str, help_: str) -> Callable[..., Any]:
    default = getattr(_DEFAULTS, name)
    return _option(name, help_, default=default, show_default=bool(default), metavar="TEXT")


_OPTIONS = (
    click.option(
        "--identity", "kind", type=click.Choice(KINDS), default=_DEFAULTS.kind, show_default=True,
        help="How it is known who asks: everybody is --actor, a proxy says so, or each brings a token.",
    ),
    _option("anyone_may_look", "Listen beyond this machine with --identity none.", is_flag=True),
    _text("user_header", "Header in which the proxy names the user."),
    _text("secret_header", "Header in which the proxy shows OPSNB_PROXY_SECRET."),
    _option("secret_file", "File with the secret of the proxy, in place of OPSNB_PROXY_SECRET.", type=_FILE),
    _option("jwt_keys", "PEM or JWKS file of the keys by which the proxy signs what it says.", type=_FILE),
    _text("jwt_header", "Header that holds the signed token."),
    _text("jwt_claim", "Claim of the token that names the user."),
    _text("jwt_audience", "Audience that the token must be for."),
    _text("jwt_issuer", "Issuer that the token must be by."),
    _option("tokens", "File of hashed tokens, as opsnb token makes them; without it --actor gets one.", type=_FILE),
)  # fmt: skip


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `read_identity` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_identity(options: dict[str, Any]) -> IdentityOptions:
    """Take the options of identity out of all `options` of a command."""
    return IdentityOptions(**{one.name: options.pop(one.name) for one in fields(IdentityOptions)})
