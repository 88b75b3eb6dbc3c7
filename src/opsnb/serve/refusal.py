"""A request that is refused with a sentence for the person who asked."""

from __future__ import annotations

from http import HTTPStatus

from tornado.web import HTTPError

# Why requests, and what pages say to their kernels, are refused: as it is counted. Those of a page's channel come last.
REASONS = (
    "unknown_user", "forbidden", "not_found", "method", "other_host", "wrong_tokens", "user_limit", "full", "crowd",
    "stopping", "no_kernel", "too_many_channels", "message", "malformed_frame", "too_many_messages", "unread",
    "signed_out",
)  # fmt: skip


class Refusal(HTTPError):
    """Ends a request with one sentence; every handler of the server shows it.

    Parameters
    ----------
    status
        Of the answer.
    sentence
        What is wrong and what to do.
    retry
        Seconds after which to ask again; None where that would not help.
    counted
        One of `REASONS`, where the status alone does not tell it.
    """

    def __init__(self, status: HTTPStatus, sentence: str, retry: int | None = None, counted: str = "") -> None:
        super().__init__(status)
        self.sentence, self.retry, self.counted = sentence, retry, counted
