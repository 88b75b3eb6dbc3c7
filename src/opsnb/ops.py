"""`Ops`: what a notebook holds. It ties the library to one database, one actor, one clock, and asks for access."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any

from opsnb import access, runbooks
from opsnb.access import Actor, Capability
from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.errors import AccessDenied, BadInput, DatabaseUnavailable, RunNotFound
from opsnb.links import LISTS, Page
from opsnb.queries import filters
from opsnb.queries.activity import DAY, Activity, read_activity
from opsnb.queries.activity import SINCE as SINCE_BY
from opsnb.queries.actors import fetch_actor
from opsnb.queries.choices import Choice, choices, label_of
from opsnb.queries.error_texts import ErrorTexts
from opsnb.queries.groups import SINCE, FailureGroups, read_groups
from opsnb.queries.history import TypeHistory
from opsnb.queries.known_groups import KnownGroups
from opsnb.queries.masking import Masker
from opsnb.queries.norms import Norms
from opsnb.queries.pages import Lists
from opsnb.queries.run import Run, read_run
from opsnb.queries.run_page import Count, Hidden, RunPage
from opsnb.queries.search import resolve
from opsnb.queries.shift import Shift, fetch_shift
from opsnb.queries.updates import PageUpdate, read_update
from opsnb.queries.values import Known
from opsnb.replica import Replica, Source, Sources
from opsnb.scalars import plain
from opsnb.settings import Settings
from opsnb.stuck import Classifier
from opsnb.triage import Act, Decision, Refused, Standing, Triage
from opsnb.triage.reasons import clean

if TYPE_CHECKING:
    from pathlib import Path

    from opsnb.analysis.handover import Handover
    from opsnb.evidence import Evidence
    from opsnb.widgets.console import Console

READ_ONLY = "Nothing can be changed here: this is a read-only place; act from JupyterLab."
Clock = Callable[[], datetime]
ACTOR_SECONDS = 5.0


class Ops:
    """Operations of one database, as one actor may see them.

    Nothing is connected before the first question; every question asks for the capability that it needs.

    Parameters
    ----------
    database
        Where the runs are.
    settings
        The team's settings.
    who
        Names the actor, as `opsnb.queries.actors.fetch_actor` reads it.
    read_only
        No triage, whatever the actor may do.
    clock
        Gives the present, tz-aware.
    replica
        Where lists and details are read; None to read them from `database`.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        who: str | int,
        read_only: bool,
        clock: Clock,
        replica: Replica | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.read_only = read_only
        self.catalog = Catalog.from_settings(settings)
        self.classifier = Classifier.build(self.catalog, settings)
        self._ruled = self.classifier
        self._norms = Norms(settings)
        self._values = Known()
        self._who = who
        self._clock = clock
        self._sources = Sources(database, replica, fall_back=not read_only)
        self._asked: dict[Database, tuple[float, Actor]] = {}

    # The actor is asked for anew after a few seconds, so that a right revoked in mid-session is gone, without
    # a second statement for every page.
    @property
    def actor(self) -> Actor:
        """Who acts, as the database knows them; at most `ACTOR_SECONDS` old.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot answer.
        """
        return self._sources.read(self.now(), lambda source: self._known(source.database))

    def _known(self, database: Database) -> Actor:
        asked = self._asked.get(database)
        if asked is None or time.monotonic() - asked[0] > ACTOR_SECONDS:
            asked = self._asked[database] = (time.monotonic(), fetch_actor(database, self._who))
        return asked[1]

    def now(self) -> datetime:
        """Give the present, tz-aware UTC."""
        return self._clock().astimezone(UTC)

    def can(self, capability: str) -> bool:
        """Whether the actor may do this here; in a read-only place nobody may manage."""
        if capability != Capability.MANAGE:
            return access.can(self.actor, capability)
        # Where it would be done: the login of a replica may change nothing anywhere.
        return not self.read_only and access.can(self._known(self.database), capability)

    def ensure_view(self) -> None:
        """Let the call go on only if the actor may see operations.

        Raises
        ------
        AccessDenied
            Otherwise.
        """
        access.ensure(self.actor, Capability.VIEW)

    def runs(self, **wanted: Any) -> RunPage:
        """Read one page of all operations, newest first.

        Parameters
        ----------
        workspace, tenant, type, initiator, status, outcome, since, until, search
            Filters, see `opsnb.queries.filters.read`.
        limit
            Rows of the page, 1 to 500; default from the settings.
        after, before
            ``page.next`` or ``page.previous`` of another page.

        Raises
        ------
        AccessDenied
            If the actor may not see operations.
        BadInput, BadCursor
            If a filter or cursor cannot be used; the message names it.
        DatabaseUnavailable
            If the database cannot answer.
        """
        return self.read_list(Page.RUNS, **wanted)

    def failures(self, **wanted: Any) -> RunPage:
        """Read one page of the failed operations; parameters and errors as for `runs`."""
        return self.read_list(Page.FAILURES, **wanted)

    def stuck(self, **wanted: Any) -> RunPage:
        """Read one page of the stuck operations; parameters and errors as for `runs`."""
        return self.read_list(Page.STUCK, **wanted)

    def read_list(
        self,
        page: Page,
        *,
        limit: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **raw: Any,
    ) -> RunPage:
        """Read one page of the list named by `page`; parameters and errors as for `runs`."""
        self.ensure_view()
        size = _whole("limit", self.settings.page_size if limit is None else limit, 1, 500)

        def ask(source: Source) -> RunPage:
            wanted = filters.read(raw, source.as_of)
            found = self._lists(source, page).page(page, wanted, source.as_of, size, after, before)
            return source.mark(found)

        return self._sources.read(self.now(), ask)

    def count(self, page: Page = Page.RUNS, **raw: Any) -> Count:
        """Count the operations of a list, exactly up to a cap; filters and errors as for `runs`."""
        self.ensure_view()
        return self._sources.read(
            self.now(),
            lambda source: self._lists(source, page).count(page, filters.read(raw, source.as_of), source.as_of),
        )

    def hidden(self, page: Page = Page.FAILURES, **raw: Any) -> Hidden:
        """Count what "unhandled only" hides of a list among its newest failures; filters and errors as for `runs`."""
        self.ensure_view()
        wanted = {**raw, "unhandled": True}
        return self._sources.read(
            self.now(),
            lambda source: self._lists(source, page).hidden(page, filters.read(wanted, source.as_of), source.as_of),
        )

    def update(self, shown: RunPage, **raw: Any) -> PageUpdate:
        """Read what has changed on a page of a list since it was read; `raw` are the filters it was read with.

        Raises
        ------
        AccessDenied, BadInput, DatabaseUnavailable
            As for `runs`.
        """
        self.ensure_view()

        def ask(source: Source) -> PageUpdate:
            wanted = self._wanted(raw, source)
            found = read_update(self._lists(source, shown.page), shown, wanted, source.as_of)
            return source.mark(found)

        return self._sources.read(self.now(), ask)

    def failure_groups(self, *, limit: int = 100, **raw: Any) -> FailureGroups:
        """Group the failures of a window by type and by what their error texts have in common.

        Parameters
        ----------
        limit
            Groups at most, 1 to 1,000.
        raw
            Filters as for `runs`; without `since` it is the last 7 days until `until`, or now.

        Raises
        ------
        AccessDenied, BadInput, DatabaseUnavailable
            As for `runs`.
        """
        self.ensure_view()
        most = _whole("limit", limit, 1, 1000)

        def ask(source: Source) -> FailureGroups:
            asked = self._wanted(raw, source).reaching_back(SINCE, source.as_of)
            found = read_groups(self._lists(source, Page.FAILURES), asked, source.as_of, most)
            return source.mark(found)

        return self._sources.read(self.now(), ask)

    def activity(self, page: str = "runs", *, every: str = "", **raw: Any) -> Activity:
        """Count the runs of a list by the hour or day in which they were created, and by what has become of them.

        Parameters
        ----------
        page
            "runs", "failures" or "stuck".
        every
            "hour" or "day" in UTC, at most 400 of them; by default hours for a window of up to three days.
        raw
            Filters as for `runs`; without `since` it is the last 24 hours until `until`, or now, and 30 days for
            ``every="day"``.

        Raises
        ------
        AccessDenied, BadInput, DatabaseUnavailable
            As for `runs`.
        """
        self.ensure_view()
        if page not in LISTS:
            raise BadInput(f"There is no list {page!r}; there are {', '.join(LISTS)}.")

        def ask(source: Source) -> Activity:
            asked = self._wanted(raw, source).reaching_back(SINCE_BY.get(every, DAY), source.as_of)
            found = read_activity(self._lists(source, Page(page)), Page(page), asked, every, source.as_of)
            return source.mark(found)

        return self._sources.read(self.now(), ask)

    def type_history(self, run_id: int, limit: int = 60) -> TypeHistory:
        """Read the last runs of an operation's type up to itself, oldest first.

        Parameters
        ----------
        limit
            Runs at most, 1 to 500.

        Raises
        ------
        RunNotFound, AccessDenied, BadInput, DatabaseUnavailable
            As for `run`.
        """
        return self.run(run_id).history(_whole("limit", limit, 1, 500))

    def run(self, run_id: int) -> Run:
        """Read one operation.

        Raises
        ------
        RunNotFound
            If no operation has that number.
        AccessDenied, BadInput, DatabaseUnavailable
            As for `runs`.
        """
        self.ensure_view()
        number = _number(run_id)
        return self._sources.read(self.now(), lambda source: self._find(number, source))

    def _find(self, number: int, source: Source) -> Run:
        try:
            return self._read(number, source)
        except RunNotFound:
            if source.database is self.database:
                raise
        return self._read(number, Source(self.database, self.now()))  # a new run that the replica has not yet

    def _read(self, number: int, source: Source) -> Run:
        rule = lambda: self._rule(source)  # noqa: E731
        found = read_run(
            source.database, self.catalog, rule, number, source.as_of, self.ensure_view, self.masker, self.errors
        )
        return source.mark(found)

    def evidence(self, run_id: int) -> Evidence:
        """Freeze an operation, with what happened on it and around it, into one file that opens anywhere.

        Returns
        -------
        Evidence
            ``.save()`` writes it; ``.sha256`` is what it can be referred to by.

        Raises
        ------
        RunNotFound, AccessDenied, BadInput, DatabaseUnavailable
            As for `run`.
        """
        from opsnb.evidence import evidence

        return evidence(self, run_id)

    def incident_notebook(self, run_id: int, path: str | Path | None = None) -> Path:
        """Write a dated notebook that repeats the investigation of an operation, ready to run; give where it lies.

        Parameters
        ----------
        path
            Default ``incident-<number>-<date>.ipynb`` in the working directory; an existing file is never replaced.

        Raises
        ------
        BadInput
            If it cannot be written, or is there already.
        RunNotFound, AccessDenied, DatabaseUnavailable
            As for `run`.
        """
        from opsnb.evidence.notebook import write

        return write(self, run_id, path)

    def acts(self, since: str | datetime | timedelta) -> Shift:
        """Read what people did to operations since a moment, or for a span such as ``"8h"``, and what recovered since.

        Raises
        ------
        AccessDenied, BadInput, DatabaseUnavailable
            As for `runs`.
        """
        self.ensure_view()

        def ask(source: Source) -> Shift:
            start = filters.read({"since": since}, source.as_of).since or source.as_of
            return fetch_shift(source.database, start, source.as_of, self.masker)

        return self._sources.read(self.now(), ask)

    def handover(self, since: str | datetime | timedelta = "8h") -> Handover:
        """Sum up for the next shift what failed, waits, recovered and was done since; errors as for `runs`.

        Returns
        -------
        Handover
            Markdown where a notebook shows it; also ``.to_markdown()`` and ``.to_frame()``.
        """
        from opsnb.analysis.handover import handover

        return handover(self, since)

    def decide(self, act: str, run_id: int) -> Decision:
        """Say whether the actor may do an act on an operation just now; nothing changes.

        Parameters
        ----------
        act
            "retry", "cancel" or "mark_investigated".

        Returns
        -------
        Allowed or Refused
            `Refused.reason` is one sentence; `Allowed.unusual` holds what a careful operator would want to know.

        Raises
        ------
        RunNotFound, AccessDenied, BadInput, DatabaseUnavailable
            As for `run`.
        """
        return self.case(run_id).decide(_act(act))

    def case(self, run_id: int) -> Standing:
        """Read anew what may be done with an operation, where it would be done; errors as for `run`."""
        access.ensure(self._known(self.database), Capability.VIEW)
        number = _number(run_id)
        refusal = None if self.can(Capability.MANAGE) else Refused(self._cannot_manage())
        return Standing(self._triage.read(number), refusal)

    def retry(self, run_id: int, *, seen: str | None = None) -> Run:
        """Queue a new run with the inputs of one that completed and failed; give the new run.

        Parameters
        ----------
        seen
            `Standing.seen` of what the operator looked at; if the run has changed since, the act is refused.

        Raises
        ------
        AccessDenied
            If the actor may not manage operations, or this place is read-only.
        TriageRefused
            If the run's state or type does not allow it; the message says why, and who was first.
        RunNotFound, BadInput, DatabaseUnavailable
            As for `run`.
        """
        return self._act(Act.RETRY, run_id, seen)

    def cancel(self, run_id: int, *, seen: str | None = None) -> Run:
        """Complete a queued or running run as failed; give it back. Parameters and errors as for `retry`."""
        return self._act(Act.CANCEL, run_id, seen)

    def mark_investigated(self, run_id: int, *, reason: str, seen: str | None = None) -> Run:
        """Record why a run needs nobody any more; give it back. Parameters and errors as for `retry`.

        Raises
        ------
        InvalidReason
            If `reason` has not 5 to 500 characters after trimming; nothing is written.
        """
        return self._act(Act.MARK_INVESTIGATED, run_id, seen, clean(reason))

    def _act(self, act: Act, run_id: int, seen: str | None, reason: str = "") -> Run:
        number = _number(run_id)
        if self.read_only:
            raise AccessDenied(READ_ONLY)
        try:
            done = self._triage.execute(act, number, self.now(), seen, reason)
        finally:
            self._asked.clear()  # what was known of the actor may be older than the right to do this, or its loss
            self._sources.acted()
        try:
            return self.run(done)
        except DatabaseUnavailable as error:
            raise DatabaseUnavailable(
                f"This was done and is on record, but cannot be shown just now: {error}"
            ) from error

    def _cannot_manage(self) -> str:
        return READ_ONLY if self.read_only else access.denial(self._known(self.database), Capability.MANAGE)

    @cached_property
    def _triage(self) -> Triage:
        return Triage(self.database, self.catalog, self.settings.output_keys, self._who)

    def choices(self, name: str, text: str = "") -> list[Choice]:
        """Give what a filter can be set to; see `opsnb.queries.choices.choices`."""
        self.ensure_view()
        return self._sources.read(self.now(), lambda source: choices(source.database, self.catalog, name, text))

    def label(self, name: str, number: int) -> str:
        """Give the name of the workspace or tenant with a number."""
        self.ensure_view()
        return self._sources.read(self.now(), lambda source: label_of(source.database, name, _number(number)))

    def runbooks(self) -> list[runbooks.Runbook]:
        """Give the team's runbook notebooks."""
        self.ensure_view()
        return runbooks.find(self.settings.runbooks)

    def console(self, page: str = "runs", run: int | None = None) -> Console:
        """Give the widget with lists and detail in one output area, opened on `page` or on one operation."""
        from opsnb.widgets.console import Console

        return Console(self, page, None if plain(run) is None else _number(run))

    def close(self) -> None:
        """Give every database connection back."""
        self.database.close()
        self._sources.close()

    @cached_property
    def masker(self) -> Masker:
        """Masks secrets; errors and audits come masked, and a run's context as the worker wrote it."""
        return Masker(self.settings.secret_keys)

    @cached_property
    def errors(self) -> ErrorTexts:
        """Reads the texts of errors, and groups them."""
        return ErrorTexts(self.masker)

    @cached_property
    def _groups(self) -> KnownGroups:
        return KnownGroups(self.errors)

    def _lists(self, source: Source, page: Page) -> Lists:
        rule = self._rule(source) if page is Page.STUCK else self.classifier
        return Lists(source.database, self.catalog, rule, self.settings.count_cap, self._values, self._groups)

    def _wanted(self, raw: dict[str, Any], source: Source) -> filters.Filters:
        return resolve(source.database, self.catalog, filters.read(raw, source.as_of))

    def _rule(self, source: Source) -> Classifier:
        """Give the rule by which runs are stuck, with what is usual where they are read."""
        norms = self._norms.at(source.database, source.as_of)
        if self._ruled.norms is not norms:
            self._ruled = self.classifier.with_norms(norms)
        return self._ruled  # the same object as long as can be: its statement is known by it

    def __repr__(self) -> str:
        return f"Ops on {self.database.name}" + (", read only" if self.read_only else "")


def _number(run_id: Any) -> int:
    """Read an operation's number, also as a DataFrame holds it."""
    if not isinstance(run_id, bool):
        with suppress(TypeError):
            return _possible(index(run_id))
    raise BadInput(f"An operation is named by its number, not by {run_id!r}.")


def _possible(number: int) -> int:
    """Refuse a number so large that Python will not write it."""
    if number.bit_length() > 1_000:
        raise RunNotFound("There is no such operation: its number has at most 19 digits.")
    return number


def _whole(name: str, number: object, least: int, most: int) -> int:
    number = plain(number)
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise BadInput(f"{name} must be a whole number from {least:,} to {most:,}, not {number!r}.")
    return number


def _act(name: str) -> Act:
    if name not in set(Act):
        raise BadInput(f"There is no act {name!r}; there are {', '.join(Act)}.")
    return Act(name)
