"""What a page may say to its kernel: read from a frame, checked, and made anew from what was checked."""

from __future__ import annotations

import json
import struct
from typing import Any

OFFSETS = "v1.kernel.websocket.jupyter.org"
_CONTROL = "jupyter.widget.control"  # where a page asks for the state of the widgets that are there
_KINDS = frozenset({"comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"})
_NAMED = ("msg_id", "msg_type", "session", "username", "version", "date")
_MOST_PARTS = 64


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
    """Whether widgets need such a message; none makes a widget, and none sets what one holds."""
    content, kind = message["content"], message["header"]["msg_type"]
    if message["channel"] != "shell" or kind not in _KINDS:
        return False
    if kind == "comm_open":
        return bool(content.get("target_name") == _CONTROL)
    data = content.get("data")
    return kind != "comm_msg" or (isinstance(data, dict) and data.get("method") != "update")


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
    if not all(isinstance(text, str) for text in header.values()):
        raise Malformed("a header that is no text")
    json.dumps(objects, ensure_ascii=False).encode()  # half a character cannot be passed on
    return {**objects, "header": header, "channel": told.get("channel"), "buffers": told["buffers"]}
