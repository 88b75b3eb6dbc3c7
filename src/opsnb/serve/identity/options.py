"""How the server is told who asks."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("none",)


@dataclass(frozen=True)
class IdentityOptions:
    """How it is known who asks.

    Parameters
    ----------
    kind
        "none": everybody is the one configured viewer.
    anyone_may_look
        Listen beyond this machine although nobody is asked who they are.
    """

    kind: str = "none"
    anyone_may_look: bool = False
