"""A request that is refused with a sentence for the person who asked."""

from __future__ import annotations

from http import HTTPStatus

from tornado.web import HTTPError


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
    """

    def __init__(self, status: HTTPStatus, sentence: str, retry: int | None = None) -> None:
        super().__init__(status)
        self.sentence, self.retry = sentence, retry
