"""Every address the product knows: made here, and read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit

from opsnb.errors import BadInput

ROOT = "/system/ops"
_RUN = re.compile(rf"{ROOT}/runs/([0-9]{{1,19}})/?")


class Page(StrEnum):
    """The five pages of the contract."""

    RUNS = "runs"
    FAILURES = "failures"
    STUCK = "stuck"
    RUNBOOKS = "runbooks"
    RUN = "run"


LISTS = (Page.RUNS, Page.FAILURES, Page.STUCK)


@dataclass(frozen=True)
class Route:
    """Where somebody is: a page, the operation on it, and the filters as they stand in the address."""

    page: Page
    run_id: int | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The canonical address, from the root of the site."""
        if self.page is Page.RUN:
            return view(self.run_id)
        return page(self.page, self.query)


def page(name: Page, query: Mapping[str, str] | None = None) -> str:
    """Give the canonical address of a list or of the runbooks, with its filters."""
    filled = {key: value for key, value in (query or {}).items() if value != ""}
    return f"{ROOT}/{name}" + (f"?{urlencode(filled)}" if filled else "")


def view(run_id: object) -> str:
    """Give the canonical address of one operation."""
    return f"{ROOT}/runs/{run_id}"


def read(address: str) -> Route:
    """Read a canonical address, with or without its host.

    Raises
    ------
    BadInput
        If it leads to no page of the product.
    """
    try:
        parts = urlsplit(address if isinstance(address, str) else "")
    except ValueError:  # such as a host in brackets that are never closed
        raise BadInput(f"There is no page at {address[:80]!r}.") from None
    usable = len(parts.query) < 8192 and parts.query.count("&") < 50
    query = dict(parse_qsl(parts.query)) if usable else {}
    if match := _RUN.fullmatch(parts.path):
        return Route(Page.RUN, int(match[1]))
    name = parts.path.removeprefix(f"{ROOT}/").rstrip("/")
    if parts.path.startswith(f"{ROOT}/") and name in set(Page) - {Page.RUN}:
        return Route(Page(name), None, query)
    raise BadInput(f"There is no page at {parts.path[:80]!r}.")


@dataclass(frozen=True)
class Links:
    """Turns canonical addresses into what an anchor's href must be where the page is shown.

    Parameters
    ----------
    base
        What stands before a canonical address on this site; with a host where the site is another one.
    style
        ``"site"``: canonical addresses. ``"render"``: plain Voila, which knows notebooks only. ``"lab"``: a notebook,
        where an address is a fragment, because following it must never leave JupyterLab.
    """

    base: str = ""
    style: str = "lab"

    def href(self, address: str) -> str:
        """Give the href for a canonical address."""
        if self.style == "site":
            return self.base + address
        if self.style == "render":
            return self._notebook(read(address))
        # Out of a notebook a copied link leads to the published dashboard, if there is one.
        return self.base + address if self.base else f"#{address}"

    def _notebook(self, route: Route) -> str:
        query = dict(route.query) if route.run_id is None else {"run": str(route.run_id)}
        return f"{self.base}/voila/render/{route.page}.ipynb" + (f"?{urlencode(query)}" if query else "")
