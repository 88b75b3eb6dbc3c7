"""Frames of the websocket: which hold a message, what of it is passed on, and which cost the server nothing."""

import json
import struct
import time
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.base import serialize_binary_message, serialize_msg_to_ws_v1

from opsnb.serve.messages import OFFSETS, Malformed, allowed, read

HEADER = {"msg_id": "1", "msg_type": "comm_msg", "session": "s", "username": "u", "version": "5.3", "date": ""}
MESSAGE: dict[str, Any] = {"header": HEADER, "parent_header": {}, "metadata": {}, "content": {"comm_id": "c"}}


def by_offsets(message: dict[str, Any], channel: str = "shell", *buffers: bytes) -> bytes:
    parts = [json.dumps(message[name]).encode() for name in ("header", "parent_header", "metadata", "content")]
    return serialize_msg_to_ws_v1([*parts, *buffers], channel)


def whole(message: dict[str, Any]) -> str:
    return json.dumps({**message, "channel": "shell"})


def binary(message: dict[str, Any], *buffers: bytes) -> bytes:
    return serialize_binary_message({**message, "channel": "shell", "buffers": list(buffers)})


@pytest.mark.parametrize(
    ("frame", "protocol", "buffers"),
    [
        (whole(MESSAGE), None, []),
        (binary(MESSAGE, b"one", b"two"), None, [b"one", b"two"]),
        (by_offsets(MESSAGE, "shell", b"one", b"two"), OFFSETS, [b"one", b"two"]),
        (by_offsets(MESSAGE), OFFSETS, []),
    ],
)
def test_a_message_is_read_in_every_form_of_the_browser(
    frame: str | bytes, protocol: str, buffers: list[bytes]
) -> None:
    assert read(frame, protocol) == {**MESSAGE, "channel": "shell", "buffers": buffers}


def test_what_was_not_checked_is_not_passed_on() -> None:
    more = {**MESSAGE, "header": {**HEADER, "subshell_id": "x"}, "signature": "x", "msg_type": "execute_request"}
    assert read(whole(more), None) == {**MESSAGE, "channel": "shell", "buffers": []}
    twice = whole(MESSAGE).replace('"msg_type": "comm_msg"', '"msg_type": "comm_msg", "msg_type": "execute_request"')
    assert not allowed(read(twice, None))


FRAMES = {
    "no parts": (b"", OFFSETS),
    "a count alone": (struct.pack("<Q", 6), OFFSETS),
    "more parts than memory": (struct.pack("<Q", 2**62) + b"x" * 100, OFFSETS),
    "more parts than fit": (struct.pack("!I", 2**31 - 1) + b"{}", None),
    "no parts at all": (struct.pack("!I", 0) + b"{}", None),
    "very many parts": (struct.pack("<Q", 65) + bytes(600), OFFSETS),
    "parts outside": (struct.pack("<7Q", 6, 56, 61, 63, 65, 67, 2**40), OFFSETS),
    "parts in the offsets": (struct.pack("<7Q", 6, 0, 1, 2, 3, 4, 5), OFFSETS),
    "parts backwards": (struct.pack("<7Q", 6, 60, 59, 58, 57, 56, 56) + b"{}{}{}", OFFSETS),
    "parts missing": (serialize_msg_to_ws_v1([b"{}", b"{}"], "shell"), OFFSETS),
    "a channel that is no text": (by_offsets(MESSAGE).replace(b"shell", b"\xff\xff\xff\xff\xff"), OFFSETS),
    "text where bytes were agreed": (whole(MESSAGE), OFFSETS),
    "no JSON": ("{", None),
    "a list": (json.dumps([MESSAGE, MESSAGE]), None),
    "several messages": (whole(MESSAGE) * 2, None),
    "a header that is a list": (whole({**MESSAGE, "header": ["msg_id", "msg_type"]}), None),
    "a header without a type": (whole({**MESSAGE, "header": {"msg_id": "1"}}), None),
    "a type that is no text": (whole({**MESSAGE, "header": {**HEADER, "msg_type": ["comm_msg"]}}), None),
    "no content": (json.dumps({"header": HEADER, "parent_header": {}, "metadata": {}}), None),
    "a content that is text": (whole({**MESSAGE, "content": "x"}), None),
    "half a character": (whole({**MESSAGE, "content": {"a": "\ud800"}}), None),
    "no number": (whole({**MESSAGE, "content": {"a": float("nan")}}), None),
    "a number of many digits": (whole(MESSAGE).replace('"c"', "1" * 10_000), None),
    "a number without end": (whole(MESSAGE).replace('"c"', "1e999"), None),
    "a header that is too long": (whole({**MESSAGE, "header": {**HEADER, "msg_id": "x" * 300}}), None),
    "objects in objects": (whole(MESSAGE).replace('"c"', '{"a":' * 40 + "1" + "}" * 40), None),
    "lists in lists": (whole(MESSAGE).replace('"c"', "[" * 100_000 + "]" * 100_000), None),
}


@pytest.mark.parametrize("name", FRAMES)
def test_what_is_no_message_is_told_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(Malformed):
        read(*FRAMES[name])
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("kind", "content", "may"),
    [
        ("kernel_info_request", {}, True),
        ("comm_info_request", {"target_name": "jupyter.widget"}, True),
        ("comm_open", {"comm_id": "c", "target_name": "jupyter.widget.control"}, True),
        ("comm_open", {"comm_id": "c", "target_name": "jupyter.widget"}, False),
        ("comm_open", {"comm_id": "c", "target_name": "x", "target_module": "os"}, False),
        ("comm_open", {"comm_id": "c"}, False),
        ("comm_msg", {"comm_id": "c", "data": {"method": "custom", "content": {}}}, True),
        ("comm_msg", {"comm_id": "c", "data": {"method": "request_states"}}, True),
        ("comm_msg", {"comm_id": "c", "data": {"method": "update", "state": {"bar": None}}}, False),
        ("comm_msg", {"comm_id": "c", "data": "update"}, False),
        ("comm_msg", {"comm_id": "c", "data": {}}, False),
        ("comm_msg", {"comm_id": "c", "data": {"method": "x"}}, False),
        ("comm_msg", {"comm_id": "c", "data": {"method": ["custom"]}}, False),
        ("comm_msg", {"comm_id": "c", "data": {"method": "custom", "content": "x"}}, False),
        ("comm_msg", {"comm_id": 1, "data": {"method": "request_states"}}, False),
        ("comm_msg", {"comm_id": "c" * 300, "data": {"method": "request_states"}}, False),
        ("comm_msg", {"data": {"method": "request_states"}}, False),
        ("comm_open", {"comm_id": [], "target_name": "jupyter.widget.control"}, False),
        ("comm_open", {"comm_id": "c", "target_name": "jupyter.widget.control", "data": 1}, False),
        ("comm_close", {"comm_id": "c"}, True),
        ("comm_close", {}, False),
        ("comm_info_request", {"target_name": {}}, False),
        ("shutdown_request", {"restart": False}, False),
        ("execute_request", {"code": "1"}, False),
    ],
)
def test_a_page_may_say_what_its_widgets_need(kind: str, content: dict[str, Any], may: bool) -> None:
    message = {"header": {"msg_type": kind}, "metadata": {"version": "1.0.0"}, "content": content}
    assert allowed({**message, "channel": "shell"}) == may
    assert not [channel for channel in ("control", "stdin", "iopub", None, ["shell"], "x")
                if allowed({**message, "channel": channel})]  # fmt: skip


def test_no_control_of_another_version_is_opened() -> None:
    opening = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    message = {"header": {"msg_type": "comm_open"}, "content": opening, "channel": "shell"}
    assert allowed({**message, "metadata": {"version": "1.1.0"}})
    for metadata in ({}, {"version": "2.0.0"}, {"version": 1}, {"version": None}):
        assert not allowed({**message, "metadata": metadata})
