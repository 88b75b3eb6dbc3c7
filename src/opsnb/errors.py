"""Everything opsnb raises on purpose: one root, each message one sentence a person can act on."""

from __future__ import annotations

import logging

from opsnb.place import under_voila

log = logging.getLogger("opsnb")
log.addHandler(logging.NullHandler())


class OpsnbError(Exception):
    """Root of all opsnb errors; ``str(error)`` is safe and meant to be shown to a person."""

    _published = False

    def _render_traceback_(self) -> list[str]:
        """Show one sentence in a notebook cell; the traceback goes to the log."""
        log.info("shown in a cell: %s", self, exc_info=self)
        if under_voila() and not self._published:  # IPython asks again for its history
            self._publish()
        return [f"{type(self).__name__}: {self}"]

    def _publish(self) -> None:
        """Say it beside the error itself, of which Voila keeps nothing."""
        from IPython.display import display  # only IPython asks for this

        self._published = True
        display({"text/plain": str(self)}, metadata={"opsnb": "error"}, raw=True)  # type: ignore[no-untyped-call]


class AccessDenied(OpsnbError):
    """The actor lacks the capability that the call needs."""


class BadCursor(OpsnbError):
    """A page cursor that opsnb did not make, or that was cut."""


class BadInput(OpsnbError):
    """A value given by a caller or an address that cannot be used; the message names it."""


class DatabaseUnavailable(OpsnbError):
    """The database is missing, locked, damaged, foreign or gone; the message says what to do."""


class OutcomeUnknown(DatabaseUnavailable):
    """The connection was lost while a change was being committed: nobody can tell whether it was done."""


class QueryTimeout(DatabaseUnavailable):
    """A statement ran into the statement timeout and was stopped by the database."""


class InvalidReason(BadInput):
    """The reason given with Mark investigated breaks the rule named in the message."""


class RunNotFound(OpsnbError):
    """No operation has that number."""


class TriageRefused(OpsnbError):
    """The operation's state does not allow the act; the message says why."""
