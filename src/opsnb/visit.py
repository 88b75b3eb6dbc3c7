"""What the page of a kernel was asked for, and by whom."""

from __future__ import annotations

import os
from dataclasses import dataclass

from opsnb.errors import AccessDenied
from opsnb.place import BASE, under_voila

_NOT_TOLD = "This page was not told who looks at it, so it shows nothing; reload it."


@dataclass(frozen=True)
class Visit:
    """One look at a page.

    Parameters
    ----------
    path, query
        Of the page's address; the path of a published page from the root of the site, without what stands before it.
    user
        Verified by the server: names a platform user; None under plain Voila, which verifies nobody.
    base
        What stands before the paths of a published page; None under plain Voila.
    """

    path: str
    query: str
    user: str | int | None = None
    base: str | None = None


_begun: list[Visit] = []


def begin(path: str, query: str, user: str | int) -> None:
    """Take the one visit of a published page: its server says so, once, before the notebook runs.

    Raises
    ------
    AccessDenied
        If the kernel has had its visit, or the user is nobody.
    """
    if _begun or user == "":
        raise AccessDenied(_NOT_TOLD)
    base = os.environ[BASE]
    _begun.append(Visit(path.removeprefix(base), query, user, base))


def current() -> Visit | None:
    """Give the visit that this kernel is for; None in a notebook.

    Raises
    ------
    AccessDenied
        If the page is published and its server has not said who looks.
    """
    if BASE in os.environ:
        if not _begun:
            raise AccessDenied(_NOT_TOLD)
        return _begun[0]
    if under_voila():
        return Visit(os.environ.get("SCRIPT_NAME", ""), os.environ.get("QUERY_STRING", ""))
    return None
