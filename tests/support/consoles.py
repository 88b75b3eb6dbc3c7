"""A console without a browser: what it holds, and what a browser would send to it."""

import json

from opsnb.widgets.console import Console


def send(widget, **message) -> None:
    """Deliver a message as the browser would."""
    widget._handle_custom_msg(message, [])


def everything(console: Console) -> str:
    """Give all that the widgets of a console hold, as it would travel to a browser."""
    parts = console._parts or ()
    bars = [part.bar for part in parts if getattr(part, "bar", None)]
    panels = [panel for part in parts for panel in getattr(part, "panels", ())]
    panels += [part.history for part in parts if getattr(part, "history", None)]
    states = [part.get_state() for part in (*parts, *bars, *panels, console._notice)]
    for state in states:
        state.pop("_esm", None), state.pop("_css", None)
    return json.dumps(states, default=str)
