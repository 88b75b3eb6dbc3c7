"""What a page may say to its kernel: read from a frame, checked, and made anew from what was checked."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any

OFFSETS = "v1.kernel.websocket.jupyter.org"
_CONTROL = "jupyter.widget.control"  # where a page asks for the state of the widgets that are there
_METHODS = frozenset({"custom", "request_state", "request_states"})  # all of ipywidgets but the one that sets state
_NAMED = ("msg_id", "msg_type", "session", "username", "version", "date")
_MOST_PARTS = 64
MAX_TEXT = 200  # characters of a name or number
MAX_DEPTH = 32  # objects and lists in one another; a kernel fails at some hundred, and does not answer then


class Malformed(ValueError):
    """A frame that holds no message."""


def read(frame: str | bytes, protocol: str | None) -> dict[str, Any]:
    """Read the message in a frame of the websocket.

    Parameters
    ----------
    frame
        As it came.
    protocol
        Agreed with the browser: `OFFSETS`, or None for the older one.

    Returns
    -------
    dict
        channel, header, parent_header, metadata, content and buffers, and nothing else.

    Raises
    ------
    Malformed
        If there is none.
    """
    try:
        return _checked(_by_offsets(frame) if protocol == OFFSETS else _whole(frame))
    except (ValueError, TypeError, KeyError, RecursionError, struct.error) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error


def allowed(message: dict[str, Any]) -> bool:
    """Whether widgets need such a message, and a kernel can read it.

    None makes a widget, and none sets what one holds. Nothing of it raises an error in ipykernel or ipywidgets, which
    would publish that with its traceback.
    """
    content, kind = message["content"], message["header"]["msg_type"]
    return message["channel"] == "shell" and kind in _KINDS and _READABLE[kind](message["metadata"], content)


def _is_opening(metadata: dict[str, Any], content: dict[str, Any]) -> bool:
    control = _is_number(content.get("comm_id")) and content.get("target_name") == _CONTROL
    return control and str(metadata.get("version")).startswith("1.") and isinstance(content.get("data", {}), dict)


def _is_for_widget(_metadata: dict[str, Any], content: dict[str, Any]) -> bool:
    data = content.get("data")
    if not _is_number(content.get("comm_id")) or not isinstance(data, dict):
        return False
    method = data.get("method")
    return isinstance(method, str) and method in _METHODS and isinstance(data.get("content", {}), dict)


def _is_closing(_metadata: dict[str, Any], content: dict[str, Any]) -> bool:
    return _is_number(content.get("comm_id")) and isinstance(content.get("data", {}), dict)


def _is_question(_metadata: dict[str, Any], content: dict[str, Any]) -> bool:
    return isinstance(content.get("target_name", ""), str | None)


def _is_number(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT


_READABLE = {
    "comm_open": _is_opening,
    "comm_close": _is_closing,
    "comm_msg": _is_for_widget,
    "comm_info_request": _is_question,
    "kernel_info_request": _is_question,
}
_KINDS = frozenset(_READABLE)


def _by_offsets(frame: str | bytes) -> dict[str, Any]:
    channel, header, parent, metadata, content, *buffers = _cut(_binary(frame), "<Q")
    told = {"header": header, "parent_header": parent, "metadata": metadata, "content": content}
    return {name: _json(part) for name, part in told.items()} | {"channel": channel.decode(), "buffers": buffers[:-1]}


def _whole(frame: str | bytes) -> dict[str, Any]:
    if isinstance(frame, str):
        return {**_json(frame), "buffers": []}
    first, *buffers = _cut(frame, "!I")
    return {**_json(first), "buffers": buffers}


def _cut(frame: bytes, number: str) -> list[bytes]:
    """Cut a frame at the offsets with which it begins; their count comes first, and is not believed."""
    size = struct.calcsize(number)
    (count,) = struct.unpack_from(number, frame)
    if not 0 < count <= min(_MOST_PARTS, len(frame) // size):
        raise Malformed("no such number of parts fits")
    offsets = [at for (at,) in struct.iter_unpack(number, frame[size : size * (count + 1)])]
    if sorted(offsets) != offsets or offsets[0] < size * (count + 1) or offsets[-1] > len(frame):
        raise Malformed("parts lie one over the other, or outside")
    ends = [*offsets[1:], len(frame)]
    return [frame[start:end] for start, end in zip(offsets, ends, strict=True)]


def _binary(frame: str | bytes) -> bytes:
    if isinstance(frame, str):
        raise Malformed("text where bytes were agreed")
    return frame


def _json(text: str | bytes) -> dict[str, Any]:
    told = json.loads(text, parse_constant=_no_number)
    if not isinstance(told, dict):
        raise Malformed("no object")
    return told


def _no_number(name: str) -> None:
    raise Malformed(f"{name} is no number")


def _checked(told: dict[str, Any]) -> dict[str, Any]:
    """Make the message anew, so that the kernel reads what was checked and nothing beside it."""
    objects = {name: told[name] for name in ("header", "parent_header", "metadata", "content")}
    header = {name: objects["header"][name] for name in _NAMED if name in objects["header"]}
    if not all(isinstance(one, dict) for one in objects.values()) or not {"msg_id", "msg_type"} <= set(header):
        raise Malformed("no header, or no content")
    if not all(isinstance(text, str) and len(text) <= MAX_TEXT for text in header.values()):
        raise Malformed("a header that is no text, or too long")
    if _depth(objects) > MAX_DEPTH:
        raise Malformed("too many objects in one another")
    json.dumps(objects, ensure_ascii=False, allow_nan=False).encode()  # half a character cannot be passed on
    return {**objects, "header": header, "channel": told.get("channel"), "buffers": told["buffers"]}


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level:
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
        depth += 1
    return depth - 2  # of the objects of a message themselves, and of what holds them


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
