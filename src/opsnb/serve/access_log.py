"""One line and one count for each request: who, which route, what came of it; never a query, which may be a search."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from uuid import uuid4

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from opsnb.serve.metrics import Metrics

HEADER = "X-Request-ID"
_ID = re.compile(r"[\w.-]{8,128}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = logging.getLogger("opsnb.access")


def read_id(request: HTTPServerRequest, vouches: Callable[[HTTPServerRequest], bool]) -> str:
    """Give the request's number: the proxy's, if it sent one, else a new one.

    Parameters
    ----------
    request
        That came.
    vouches
        Tells whether the proxy passed it on; what others send names nothing.
    """
    sent = request.headers.get_list(HEADER)
    known = len(sent) == 1 and _ID.fullmatch(sent[0]) and vouches(request)
    return sent[0] if known else uuid4().hex


def log_request(handler: RequestHandler) -> None:
    """Log and count a request that was answered."""
    route, status = getattr(handler, "route", "other"), handler.get_status()
    metrics: Metrics = handler.settings["metrics"]
    metrics.answered(route, status, getattr(handler, "refused", ""))
    method = handler.request.method if handler.request.method in _METHODS else "other"
    told = {
        "method": method,
        "route": route,
        "status": status,
        "duration_ms": round(handler.request.request_time() * 1000, 1),
        "user": getattr(handler, "user", None),
        "request_id": getattr(handler, "request_id", None),
    }
    quiet, refused = getattr(handler, "quiet", False), getattr(handler, "refused", "")
    _log.log(_level(status, quiet=quiet, refused=bool(refused)), "request", extra=told)


def _level(status: int, *, quiet: bool, refused: bool) -> int:
    if status >= 500 and not refused:
        return logging.ERROR
    if status >= 400:
        return logging.WARNING
    return logging.DEBUG if quiet else logging.INFO
