"""``/metrics``, at an address of its own, which no proxy of the pages leads to."""

from __future__ import annotations

from http import HTTPStatus

from prometheus_client.exposition import choose_encoder
from tornado.web import Application

from opsnb.serve.front import Front
from opsnb.serve.health import Watched
from opsnb.serve.metrics import Metrics


class MetricsHandler(Watched):
    """Tells the numbers to whoever reaches it."""

    def initialize(self, metrics: Metrics, front: Front) -> None:
        """Take the numbers, and the names that are answered to."""
        self._metrics, self._front = metrics, front

    def get(self) -> None:
        """Tell them in the form that was asked for."""
        if not self._front.answers(self.request.host_name):  # a page elsewhere that had its name led here
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        encode, kind = choose_encoder(self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", kind)
        self.finish(encode(self._metrics.registry))


def metrics_application(metrics: Metrics, front: Front) -> Application:
    """Give what answers there; it is asked all the time, and so says nothing of that."""
    return Application(
        [("/metrics", MetricsHandler, {"metrics": metrics, "front": front})], log_function=lambda _: None
    )
