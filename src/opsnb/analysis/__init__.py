"""What the runbooks work out, for use in a team's own notebooks.

>>> from opsnb import analysis
>>> runs = analysis.gather(ops.runs, status="completed", since="7d")
>>> analysis.show(analysis.clusters(runs.frame, "tenant"))
"""

from opsnb.analysis.clusters import clusters, error_clusters, most_failing, where
from opsnb.analysis.compare import Pair, context_diff, differences, history, pair, timings
from opsnb.analysis.gather import Sample, gather
from opsnb.analysis.handover import Handover, hand_over
from opsnb.analysis.show import Table, code, plain, show
from opsnb.analysis.waiting import oldest, waiting, waiting_by, who_waits

__all__ = [
    "Handover",
    "Pair",
    "Sample",
    "Table",
    "clusters",
    "code",
    "context_diff",
    "differences",
    "error_clusters",
    "gather",
    "hand_over",
    "history",
    "most_failing",
    "oldest",
    "pair",
    "plain",
    "show",
    "timings",
    "waiting",
    "waiting_by",
    "where",
    "who_waits",
]
