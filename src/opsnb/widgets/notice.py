"""The widget that stands alone where nothing else may or can be shown."""

from __future__ import annotations

from collections.abc import Callable

from opsnb.widgets.view import View, asset


class Notice(View):
    """A heading, one sentence, and a way to try again.

    Parameters
    ----------
    retry
        Called when somebody asks to try again.
    """

    _esm = asset("notice.js", "dom.js")
    _css = asset("notice.css", "base.css")

    def __init__(self, retry: Callable[[], None]) -> None:
        super().__init__({"retry": lambda _message: retry()})

    def show(self, title: str, text: str) -> None:
        """Say it."""
        self.state = {"title": title, "text": text}
