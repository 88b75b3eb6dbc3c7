"""What a page draws before Voila's front end has come: the parts of its console, as its kernel has sent them.

They are drawn by their own modules. Those come with every widget; here a browser finds them at an address that tells
what they hold, so that it keeps them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from tornado.web import HTTPError

from opsnb.serve.files import KEPT
from opsnb.serve.guarded import Guarded

_VIEW = "application/vnd.jupyter.widget-view+json"
_WIDGET = "IPY_MODEL_"
_OTHERWISE = ("_esm", "_css")  # not as data, but as a module
State = Mapping[str, Any]


class Modules:
    """The parts' modules, each with its stylesheet, by a name that tells what they hold."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._last: dict[str, tuple[str, ...]] = {}

    def keep(self, part: State) -> str:
        """Keep the module of a part; give its name."""
        text = f"{part['_esm']}\nexport const styleOfPart = {json.dumps(part['_css'])};\n"
        name = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        self._texts[name] = text
        return name

    def text(self, name: str) -> str | None:
        """Give what a module holds."""
        return self._texts.get(name)

    def expect(self, page: str) -> tuple[str, ...]:
        """Give the names of what the last such page drew: a browser need not wait for the kernel to load that."""
        return self._last.get(page, ())

    def drew(self, page: str, names: tuple[str, ...]) -> None:
        """Take note of what such a page draws."""
        self._last[page] = names


class Early:
    """What can be drawn early of one page.

    Parameters
    ----------
    modules
        Of all pages.
    page
        Its notebook.
    base_url
        Under which the modules are.
    widgets
        Gives the state of every widget that its kernel has sent, by number.
    """

    def __init__(self, modules: Modules, page: str, base_url: str, widgets: Callable[[], Mapping[str, State]]) -> None:
        self._modules, self._page, self._base_url, self._widgets = modules, page, base_url, widgets

    @property
    def expected(self) -> list[str]:
        """Addresses of the modules that it will draw with, if it is as the last one."""
        return [self._address(name) for name in self._modules.expect(self._page)]

    def data(self, output: Mapping[str, Any]) -> Markup | None:
        """Give the parts of the console that an output shows, as data in a page; None where it shows anything else."""
        parts = self._parts(output)
        # As the filter `tojson` does, but with the keys in their order: the filters of a list have one.
        return htmlsafe_json_dumps(parts, dumps=json.dumps) if parts else None

    def _parts(self, output: Mapping[str, Any]) -> list[State]:
        widgets = self._widgets()
        console = widgets.get(output.get("data", {}).get(_VIEW, {}).get("model_id"), {})
        shown = [widgets.get(child.removeprefix(_WIDGET), {}) for child in console.get("children", ())]
        if "opsnb-console" not in console.get("_dom_classes", ()) or not all("_esm" in part for part in shown):
            return []
        names = tuple(self._modules.keep(part) for part in shown)
        self._modules.drew(self._page, names)
        return [
            {"module": self._address(name), "state": {key: part[key] for key in part if key not in _OTHERWISE}}
            for name, part in zip(names, shown, strict=True)
        ]

    def _address(self, name: str) -> str:
        return f"{self._base_url}voila/parts/{name}.js"


class PartHandler(Guarded):
    """Gives the module of a part."""

    route = "/voila/parts/{name}.js"
    cache_control = KEPT
    quiet = True

    def get(self, name: str) -> None:
        """Send it, if a page has asked for it."""
        text = self.settings["modules"].text(name)
        if text is None:
            raise HTTPError(HTTPStatus.NOT_FOUND)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(text)
