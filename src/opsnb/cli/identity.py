"""The options of ``opsnb serve`` that say how it is known who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from opsnb.serve.identity.options import KINDS, IdentityOptions

_OPTIONS = (
    click.option(
        "--identity",
        "kind",
        type=click.Choice(KINDS),
        default="none",
        show_default=True,
        help="How it is known who asks: not at all, everybody is --actor.",
    ),
    click.option(
        "--anyone-who-reaches-this-address-may-look",
        "anyone_may_look",
        is_flag=True,
        help="Listen beyond this machine with --identity none.",
    ),
)


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `read_identity` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_identity(options: dict[str, Any]) -> IdentityOptions:
    """Take the options of identity out of all `options` of a command."""
    return IdentityOptions(**{one.name: options.pop(one.name) for one in fields(IdentityOptions)})
