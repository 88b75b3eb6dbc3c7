"""Reading the lists: keyset pages in one statement, the count only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from opsnb.catalog import Catalog
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.links import Page
from opsnb.queries import cursors
from opsnb.queries.choices import check_place
from opsnb.queries.conditions import parameters
from opsnb.queries.filters import SEARCHED, Filters
from opsnb.queries.glance import glance
from opsnb.queries.known_groups import KnownGroups
from opsnb.queries.leads import SAID, find_few, sent
from opsnb.queries.lists import Shape, count_statement, handled_statement, onward, page_statement
from opsnb.queries.members import WINDOW, Members, read_members
from opsnb.queries.records import LISTED, RunRow, list_rows
from opsnb.queries.run_page import Count, Hidden, RunPage
from opsnb.queries.search import numbered, resolve, said
from opsnb.queries.stuck_in_sql import parameters as cutoffs_of
from opsnb.queries.values import Known
from opsnb.stuck import Classifier

UNSEEN = (
    "No index tells what retried an operation, so that a failure counts as unhandled until somebody investigated it,"
    " even if its retry succeeded; opsnb doctor prints the index."
)
LOOKED_THROUGH = f"{WINDOW:,} failures were looked through for this page; the next one goes on from there."


@dataclass(frozen=True)
class Lists:
    """Reads pages of the three lists.

    Parameters
    ----------
    database, catalog, classifier
        Where from, and how types are called and stuck runs told.
    count_cap
        How far `RunPage.count` counts.
    known
        What different values there are for a search.
    groups
        Tells the failure groups of runs, and reads the texts of errors.
    """

    database: Database
    catalog: Catalog
    classifier: Classifier
    count_cap: int
    known: Known
    groups: KnownGroups

    def page(
        self, page: Page, filters: Filters, now: datetime, limit: int, after: str | None, before: str | None
    ) -> RunPage:
        """Read one page at `now` (tz-aware): `limit` rows older than `after`, or newer than `before`, or the newest.

        Raises
        ------
        BadCursor
            If a cursor is broken.
        BadInput
            If both cursors are given, or a place is named that does not exist.
        DatabaseUnavailable
            If the database cannot answer.
        """
        if after and before:
            raise BadInput("Give after or before, not both.")
        direction = "after" if after else "before" if before else "first"
        filters = numbered(self.database, filters)
        cursor = self._cursor(after or before)
        towards = onward(direction, cursor.get("cursor_created", ""), self.database.is_sqlite)
        values = {**self.plain_values(page, filters, now), **cursor, "limit": limit + 1}
        shape, values = self.led(self.shape(page, filters, towards), values)
        if filters.words and not shape.among_few:
            shape, values = self._searched(shape, values, filters)
        end = None
        if filters.group:
            members, end = read_members(self.database, self.groups, shape, values, filters.group, limit + 1)
            values["members"] = sent(self.database, members)
        found = () if "nothing" in shape.names else self.database.fetch(page_statement(shape), values)
        if not found and direction == "first":
            self._check_places(filters)
        assembled = self._assemble(page, found, limit, direction, now, filters)
        return assembled if end is None else _cut(assembled, direction, end)

    def _searched(self, shape: Shape, values: dict[str, Any], filters: Filters) -> tuple[Shape, dict[str, Any]]:
        """Look for the first runs that are hit or, where those are rare, for what the words stand for."""
        known = None
        if not filters.group:
            seen = glance(self.database, shape, values, values["limit"])
            if seen.numbers is not None:
                shape = replace(shape, names=shape.names - SEARCHED, among_few=True)
                return shape, {**values, "few": sent(self.database, seen.numbers)}
            known = self.known.at(self.database, seen.hit)
        filters = said(self.database, self.catalog, filters, known)
        return self.led(replace(shape, names=filters.names), {**values, **parameters(filters, self.catalog)})

    def count(self, page: Page, filters: Filters, now: datetime) -> Count:
        """Count a list's operations at `now`, exactly up to the cap; those of a group as far as its window reaches."""
        filters = resolve(self.database, self.catalog, filters)
        if filters.group:
            numbers, end = self.members(page, filters, now, self.count_cap + 1)
            return Count(len(numbers), cap=self.count_cap) if end is None else Count(len(numbers) + 1, cap=len(numbers))
        values = {**self.values(page, filters, now), "limit": self.count_cap + 1}
        shape, values = self.led(self.shape(page, filters), values)
        ((number,),) = self.database.fetch(count_statement(shape), values)
        return Count(number, cap=self.count_cap)

    def hidden(self, page: Page, filters: Filters, now: datetime) -> Hidden:
        """Count at `now` what `Filters.unhandled` leaves out of a list, among its newest failures up to the cap."""
        filters = resolve(self.database, self.catalog, filters)
        values = {**self.values(page, replace(filters, unhandled=None), now), "limit": self.count_cap + 1}
        shape, values = self.led(self.shape(page, filters), values)
        ((failures, handled),) = self.database.fetch(handled_statement(shape), values)
        return Hidden(Count(handled, cap=self.count_cap), Count(failures, cap=self.count_cap))

    def shape(self, page: Page, filters: Filters, direction: str = "first") -> Shape:
        """Give what the list's statements depend on."""
        dialect = self.database.dialect
        return Shape(
            page, filters.names, filters.status, filters.outcome, self.classifier, dialect, direction,
            self.database.finds_retries, self.database.settings.error_paths, ordered=self.database.has_order,
        )  # fmt: skip

    def led(self, shape: Shape, values: dict[str, Any]) -> tuple[Shape, dict[str, Any]]:
        """Look for a filter that lets through only few, where it is not plain what index to take."""
        if not shape.names:
            return shape, values
        narrowing = shape.names - {"since", "until"}
        alone = len(narrowing) < 2 and shape.page is Page.RUNS and not narrowing & {*SAID, "types"}
        if alone or shape.is_short or "group" in narrowing:
            return shape, values
        few = find_few(self.database, narrowing, values)
        if few is None:
            return shape, values
        return replace(shape, among_few=True), {**values, "few": sent(self.database, few)}

    def values(self, page: Page, filters: Filters, now: datetime) -> dict[str, Any]:
        """Give the values that the list's statements leave open at `now` (tz-aware); those of a group are looked up."""
        values = self.plain_values(page, filters, now)
        if filters.group:
            values["members"] = sent(self.database, self.members(page, filters, now).numbers)
        return values

    def members(self, page: Page, filters: Filters, now: datetime, most: int | None = None) -> Members:
        """Look up the failures of the group that `filters` name, newest first, as far as the window reaches."""
        if page is Page.STUCK:  # what has failed is not stuck
            return Members([], None)
        values = self.plain_values(page, filters, now)
        return read_members(self.database, self.groups, self.shape(page, filters), values, filters.group or "", most)

    def plain_values(self, page: Page, filters: Filters, now: datetime) -> dict[str, Any]:
        """Give the same without looking anything up."""
        values = parameters(filters, self.catalog)
        if page is Page.STUCK:
            values |= cutoffs_of(self.classifier, now, self.database.dialect, self.database.write_time)
        return values

    def _cursor(self, cursor: str | None) -> dict[str, Any]:
        if cursor is None:
            return {}
        key = cursors.read(cursor, as_text=self.database.is_sqlite)
        return {"cursor_created": key.created_at, "cursor_id": key.id}

    def _assemble(
        self, page: Page, found: Sequence[Any], limit: int, direction: str, now: datetime, filters: Filters
    ) -> RunPage:
        more = len(found) > limit
        kept = found[:limit] if direction != "before" else found[:limit][::-1]
        older, newer = (more, direction == "after") if direction != "before" else (True, more)
        return RunPage(
            page,
            self.rows(kept, page, now),
            _key(kept[-1]) if kept and older else None,
            _key(kept[0]) if kept and newer else None,
            now,
            lambda: self.count(page, filters, now),
            note=UNSEEN if filters.unhandled and not self.database.finds_retries else "",
            _hidden=(lambda: self.hidden(page, filters, now)) if filters.unhandled else None,
        )

    def rows(self, found: Iterable[Sequence[Any]], page: Page, now: datetime) -> list[RunRow]:
        """Make the records of the list's rows."""
        rows = list_rows(found, self.catalog, self.classifier.labels(now) if page is Page.STUCK else None)
        return [row._replace(error=self.groups.errors.read(row.error)) if row.error else row for row in rows]

    def _check_places(self, filters: Filters) -> None:
        for name, wanted in (("workspace", filters.workspace_name), ("tenant", filters.tenant_name)):
            if wanted is not None:
                check_place(self.database, name, wanted)


def _cut(page: RunPage, direction: str, end: cursors.Key) -> RunPage:
    """Let a page for which enough was looked through lead on from there."""
    onward = cursors.write(end)
    if direction == "before":
        return replace(page, previous=onward, note=LOOKED_THROUGH)
    return replace(page, next=onward, note=LOOKED_THROUGH)


_CREATED, _ID = LISTED.index("created_at"), LISTED.index("id")


def _key(row: Sequence[Any]) -> str:
    return cursors.write(cursors.Key(row[_CREATED], row[_ID]))
