"""The way to tell who asks that the options choose; one that could not hold is refused."""

from __future__ import annotations

from opsnb.connecting import configured_actor
from opsnb.errors import BadInput
from opsnb.serve.identity.one_viewer import OneViewer
from opsnb.serve.identity.options import IdentityOptions
from opsnb.serve.identity.verifier import Verifier

_OPEN = (
    "Whoever reaches {ip} would see what {who} may see: name an --identity, or say that this is meant"
    " with --anyone-who-reaches-this-address-may-look."
)
_NOBODY = "Nobody is named as the viewer; name a platform user with --actor."


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
        If the options would let in whom they should not.
    """
    who = str(configured_actor(actor or ""))
    if not who:
        raise BadInput(_NOBODY)
    if not local and not options.anyone_may_look:
        raise BadInput(_OPEN.format(ip=ip or "this machine", who=who))
    return OneViewer(who)
