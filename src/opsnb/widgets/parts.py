"""The parts of a console. Each is made when it is first needed, so that the first page waits for none of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from opsnb.links import Links
from opsnb.ops import Ops
from opsnb.widgets.navigation import Navigation
from opsnb.widgets.refresh import Refresher
from opsnb.widgets.run_detail import RunDetail
from opsnb.widgets.run_list import RunList
from opsnb.widgets.runbook_list import RunbookList
from opsnb.widgets.view import View

_NAMES = ("navigation", "run_list", "run_detail", "runbook_list")


class Parts:
    """What a console shows above the page, and the pages that take turns below it.

    Parameters
    ----------
    ops
        Whose operations.
    where
        How addresses become links here.
    go
        Called with a canonical address, and with whether the browser's history stands there already.
    back
        Called when somebody wants back to the list they came from.
    refresher
        Reads again what is shown.
    """

    def __init__(
        self, ops: Ops, where: Links, go: Callable[..., None], back: Callable[[], None], refresher: Refresher
    ) -> None:
        self._ops, self._where, self._go, self._back, self._refresher = ops, where, go, back, refresher

    @cached_property
    def navigation(self) -> Navigation:
        """What stands above every page."""
        return Navigation(self._where, self._go)

    @cached_property
    def run_list(self) -> RunList:
        """The three lists."""
        return RunList(self._ops, self._where, self._go, self._refresher, self._foresee)

    def _foresee(self, run_id: int, pressed: bool) -> None:
        self.run_detail.foresee(run_id, at_once=pressed)

    @cached_property
    def run_detail(self) -> RunDetail:
        """One operation."""
        return RunDetail(self._ops, self._where, self._go, self._back, self._refresher)

    @cached_property
    def runbook_list(self) -> RunbookList:
        """The runbooks."""
        return RunbookList(self._ops, self._where, self._go)

    def __getitem__(self, at: int) -> View:
        part: View = getattr(self, _NAMES[at])
        return part

    def __iter__(self) -> Iterator[View]:
        return (self[at] for at in range(len(_NAMES)))

    @property
    def made(self) -> tuple[View, ...]:
        """Those that are there, the oldest first: a browser keeps what stands where it stood."""
        return tuple(part for name, part in vars(self).items() if name in _NAMES)

    @property
    def pages(self) -> tuple[View, ...]:
        """Those that are there and take turns."""
        return tuple(part for part in self.made if not isinstance(part, Navigation))
