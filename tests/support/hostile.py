"""What an attacker sends: requests byte by byte, and frames in each form that the websocket of a kernel knows."""

import itertools
import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.services.kernels.connection.base import serialize_binary_message, serialize_msg_to_ws_v1
from websockets.sync.client import ClientConnection

from support.serving import Server

OFFSETS = "v1.kernel.websocket.jupyter.org"
FORMS = ("text", "binary", "offsets")
CHANNELS = ("shell", "control", "stdin", "iopub")
_PARTS = ("header", "parent_header", "metadata", "content")


def message(kind: str, **content: object) -> dict[str, Any]:
    """Give a message of the kernel's protocol."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "u", "version": "5.3",
              "date": ""}  # fmt: skip
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content}


def frame(said: dict[str, Any], form: str = "text", channel: str = "shell") -> str | bytes:
    """Write a message as one of the `FORMS`."""
    if form == "text":
        return json.dumps({**said, "channel": channel})
    if form == "binary":
        return serialize_binary_message({**said, "channel": channel, "buffers": [b"x"]})
    return serialize_msg_to_ws_v1([json.dumps(said[name]).encode() for name in _PARTS], channel)


def subprotocols(form: str) -> dict[str, Any]:
    """Give the options of a websocket in which frames have this form."""
    return {"subprotocols": [OFFSETS]} if form == "offsets" else {}


def all_heard(connection: ClientConnection) -> Iterator[dict[str, Any]]:
    """Give all that the kernel says; `TimeoutError` once it says nothing more."""
    while True:
        yield _read(connection.recv(timeout=60))


def heard(connection: ClientConnection, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what the kernel says, until it is done with the message `asked`, and so with all that came before."""
    for got in all_heard(connection):
        yield got
        done = got["content"].get("execution_state") == "idle"
        if done and got["parent_header"].get("msg_id") == asked["header"]["msg_id"]:
            return


def _read(data: str | bytes) -> dict[str, Any]:
    if isinstance(data, str):
        return json.loads(data)
    number = int.from_bytes(data[:8], "little")
    offsets = [int.from_bytes(data[8 * at : 8 * at + 8], "little") for at in range(1, number + 1)]
    parts = [data[start:end] for start, end in itertools.pairwise(offsets)]
    return dict(zip(_PARTS, map(json.loads, parts[1:5]), strict=True))


def opening(number: str) -> dict[str, Any]:
    """Give the message with which a page begins to ask for the state of its widgets."""
    said = message("comm_open", comm_id=number, target_name="jupyter.widget.control", data={})
    return {**said, "metadata": {"version": "1.0.0"}}


def states(connection: ClientConnection) -> dict[str, dict[str, Any]]:
    """Give what every widget of the kernel holds, by its number, as the page itself asks for it."""
    control, asked = uuid.uuid4().hex, message("comm_info_request")
    connection.send(frame(opening(control)))
    connection.send(frame(message("comm_msg", comm_id=control, data={"method": "request_states"})))
    connection.send(frame(asked))
    found: dict[str, dict[str, Any]] = {}
    for got in heard(connection, asked):
        data = got["content"].get("data", {})
        if isinstance(data, dict) and data.get("method") == "update_states":
            found |= {number: each["state"] for number, each in data["states"].items()}
    return found


def raw(server: Server, request: bytes, seconds: float = 60) -> bytes:
    """Send just these bytes; give all that comes until the server ends the connection."""
    with connected(server) as connection:
        connection.settimeout(seconds)
        connection.sendall(request)
        return b"".join(iter(lambda: received(connection), b""))


def received(connection: socket.socket) -> bytes:
    """Give what comes next; nothing where the server has ended the connection, also where it did so rudely."""
    try:
        return connection.recv(2**16)
    except ConnectionResetError:
        return b""


def connected(server: Server) -> socket.socket:
    place = urlsplit(server.root)
    return socket.create_connection((str(place.hostname), int(str(place.port))))
