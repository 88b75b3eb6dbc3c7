"""opsnb: the triage console for long-running operations, in notebooks.

>>> import opsnb
>>> ops = opsnb.connect()
>>> ops.failures(since="24h")
"""

from opsnb.connecting import connect
from opsnb.ops import Ops

__all__ = ["Ops", "__version__", "connect"]
__version__ = "0.1.0"
