"""Who is asking and what they may do: `can` decides what is shown, `ensure` what is done; the default is no."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from opsnb.errors import AccessDenied


class Capability(StrEnum):
    """The three capabilities of the contract; no other exists."""

    ACCESS = "platform.access_system_panel"
    VIEW = "platform.operations.view"
    MANAGE = "platform.operations.manage"


# What each capability presupposes: without entry there is no view, without view no triage.
_NEEDS = {
    Capability.ACCESS: {Capability.ACCESS},
    Capability.VIEW: {Capability.ACCESS, Capability.VIEW},
    Capability.MANAGE: {Capability.ACCESS, Capability.VIEW, Capability.MANAGE},
}
_VERB = {
    Capability.ACCESS: "enter",
    Capability.VIEW: "see operations",
    Capability.MANAGE: "act on operations",
}


_ARRAY = re.compile(r'\{([^{}"\\]*)\}')


@dataclass(frozen=True)
class Actor:
    """A platform user, or somebody who is none.

    Parameters
    ----------
    id
        Number in ``platform_users``; None for somebody unknown.
    name, email
        For display and for the audit.
    capabilities
        As granted; `can` also asks for what each presupposes.
    is_active
        An inactive user may do nothing.
    login
        The database login, where the database asked it.
    withheld
        What the person may do and the database login may not: no part of `capabilities`.
    bound
        The database holds this login to the rules of triage, and writes the audit itself.
    """

    id: int | None
    name: str
    email: str = ""
    capabilities: frozenset[str] = frozenset()
    is_active: bool = False
    login: str = ""
    withheld: frozenset[str] = frozenset()
    bound: bool = False


def unknown(name: str) -> Actor:
    """Give the actor for a name that no platform user has: may do nothing."""
    return Actor(None, name)


def read_capabilities(value: object) -> frozenset[str]:
    """Read the capabilities column; whatever is not a list of known capabilities gives none."""
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = _array(value)
    words: Iterable[object] = value if isinstance(value, list) else ()
    return frozenset(word for word in words if isinstance(word, str) and word in set(Capability))


def _array(value: object) -> list[str]:
    """Read the text of a PostgreSQL array; an element that had to be quoted is no capability."""
    found = _ARRAY.fullmatch(value) if isinstance(value, str) else None
    return found[1].split(",") if found else []


def presupposed(capability: Capability) -> list[str]:
    """Name all that a capability presupposes, and itself."""
    return [need.value for need in Capability if need in _NEEDS[capability]]


def can(actor: Actor, capability: str) -> bool:
    """Whether `actor` may do this; an unknown capability is nobody's."""
    needed = _NEEDS.get(capability)  # type: ignore[call-overload]
    return bool(needed) and actor.is_active and actor.id is not None and needed <= actor.capabilities


def ensure(actor: Actor, capability: Capability) -> None:
    """Let the call go on only if `actor` may do this.

    Raises
    ------
    AccessDenied
        Otherwise; the message says who is meant and whom to ask.
    """
    if not can(actor, capability):
        raise AccessDenied(denial(actor, capability))


def denial(actor: Actor, capability: Capability) -> str:
    """Say in one sentence why `actor` may not do this."""
    name = actor.name or "You"
    if actor.id is None:
        why = f"{name} is not a platform user here" if actor.name else "You are not known here"
    elif not actor.is_active:
        why = f"The account of {name} is not active"
    else:
        missing = next(need for need in Capability if need in _NEEDS[capability] - actor.capabilities)
        why = f"{name} may not {_VERB[capability]}: {_lack(actor, missing)}"
    return f"{why}; ask whoever manages access to this platform."


def _lack(actor: Actor, missing: Capability) -> str:
    if missing in actor.withheld:
        return f"the database login {actor.login} has no right to it"
    return f"the capability {missing} is missing"
