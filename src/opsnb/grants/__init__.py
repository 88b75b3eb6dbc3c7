"""The database as the boundary of a team: SQL for its owner to apply, and a check of what is applied."""

from opsnb.grants.check import differences
from opsnb.grants.definitions import limits
from opsnb.grants.rules import Place
from opsnb.grants.script import script

__all__ = ["Place", "differences", "limits", "script"]
