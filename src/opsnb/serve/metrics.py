"""What is counted and measured for Prometheus; no label has more values than stand here or in the table of routes."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from opsnb import __version__
from opsnb.serve.refusal import REASONS

_PAGE = (0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 20, 30, 60)
_STATEMENT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unknown_user",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method",
    HTTPStatus.MISDIRECTED_REQUEST: "other_host",
}


class Metrics:
    """The server's own numbers, beside none of Jupyter's.

    Parameters
    ----------
    kernels
        Gives how many there are at this moment, by what they do.
    most
        How many there may be.
    """

    def __init__(self, kernels: dict[str, Callable[[], float]], most: int) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # they double the series and tell when a label was new
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        Info("opsnb", "The server.", registry=own).info({"version": __version__})
        running = Gauge("opsnb_kernels", "Kernels that serve a page or wait for one.", ["state"], registry=own)
        for state, count in kernels.items():
            running.labels(state).set_function(count)
        Gauge("opsnb_kernels_limit", "How many kernels there may be.", registry=own).set(most)
        self._requests = Counter("opsnb_requests", "Requests answered.", ["route", "status"], registry=own)
        self._refusals = Counter("opsnb_refusals", "Requests and messages refused.", ["reason"], registry=own)
        self._pages = Histogram(
            "opsnb_page_seconds", "From the request to the whole page.", ["route"], buckets=_PAGE, registry=own
        )
        self._statements = Histogram(
            "opsnb_query_seconds",
            "From a statement of a page's kernel to the database's answer.",
            ["outcome"],
            buckets=_STATEMENT,
            registry=own,
        )
        for reason in REASONS:  # a series that begins at its first event is missing from every rate
            self._refusals.labels(reason)

    def answered(self, route: str, status: int, reason: str = "") -> None:
        """Count an answer, and if it is a refusal, why; `reason` is one of `REASONS`, or empty to go by the status."""
        self._requests.labels(route, str(status)).inc()
        if told := reason or _BY_STATUS.get(status):
            self.refused(told)

    def refused(self, reason: str) -> None:
        """Count a refusal by one of the `REASONS`."""
        self._refusals.labels(reason).inc()

    def page(self, route: str, seconds: float) -> None:
        """Take how long a page took that became whole."""
        self._pages.labels(route).observe(seconds)

    def statement(self, seconds: float, failed: bool) -> None:
        """Take how long a statement took."""
        self._statements.labels("failed" if failed else "answered").observe(seconds)
