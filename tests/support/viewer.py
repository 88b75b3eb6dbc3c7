"""A viewer without a browser: asks what the page and its widgets ask, and looks at everything that comes back."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from opsnb.links import Page, page, view

SECRET = "a-secret-of-the-proxys-own"
PATIENCE = 90  # seconds for an answer; what takes longer has failed
_CONTROL = "jupyter.widget.control"
_KERNEL = re.compile(r'"kernelId": "([\w-]+)"')
_PERSON = re.compile(r"crowd-\d+", re.IGNORECASE)
_OPERATION = re.compile(r"/system/ops/runs/\d")
_LOST = ("dead", "restarting", "autorestarting")


class Person(NamedTuple):
    """Who looks; a name no other text holds, so that it is noticed wherever it does not belong."""

    number: int
    sees: bool

    @property
    def name(self) -> str:
        return f"Crowd-{self.number:03}"

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@example.test"


class Refused(Exception):
    """The server politely asked to come again, in `args[0]` seconds."""


class Viewer:
    """One page in the browser of a person behind the proxy; whatever is not right raises `AssertionError`."""

    def __init__(self, root: str, person: Person) -> None:
        self.person = person
        self._root, self._cookies = root, SimpleCookie()
        self._http = AsyncHTTPClient(force_instance=True)
        self._models: dict[str, dict[str, Any]] = {}
        self.kernel = ""
        self._channel: WebSocketClientConnection | None = None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What the list shows."""
        rows: list[dict[str, Any]] = self._state("RunList").get("rows", [])
        return rows

    async def open(self) -> None:
        """Open the list, until its rows are there; for somebody who may not see them, until that is said."""
        text = await self._page(page(Page.RUNS))
        found = _KERNEL.search(text)
        assert found, "the page has no kernel"
        assert text.rstrip().endswith("</html>"), "the page is not whole"
        assert 'class="ops-failed"' not in text, "the page failed"
        self.kernel = found[1]
        address = f"ws{self._root.removeprefix('http')}/api/kernels/{self.kernel}/channels"
        self._channel = await websocket_connect(HTTPRequest(address, headers=self._headers(Origin=self._root)))
        await self._send("comm_open", target_name=_CONTROL)
        await self._send("comm_msg", data={"method": "request_states"})
        await self._until(lambda: self.rows if self.person.sees else self._state("Notice").get("title"))

    async def filter(self, query: Mapping[str, str]) -> None:
        """Set the list's filters."""
        address = page(Page.RUNS, query)
        await self._say("RunList", type="go", address=address)
        await self._until(lambda: self._state("RunList")["address"] == self._state("Navigation")["address"] == address)

    async def detail(self, row: Mapping[str, Any]) -> None:
        """Open an operation of the list."""
        await self._say("RunList", type="go", address=row["address"])
        await self._until(lambda: self._shown("RunDetail") and self._state("RunDetail").get("id") == row["id"])
        assert row["address"] == view(row["id"]) == self._state("Navigation")["address"]
        assert self._state("RunDetail")["label"] == row["label"], "another operation's details"

    async def back(self) -> None:
        """Go back to the list."""
        await self._say("RunDetail", type="back")
        await self._until(lambda: self._shown("RunList") and not self._shown("RunDetail"))

    async def retry(self) -> None:
        """Ask again for what was refused."""
        await self._say("Notice", type="retry")
        await self._say("Notice", type="go", address=view(1))
        await self._send("comm_info_request")
        await self._until(lambda: "comm_info_reply" in self._models)
        del self._models["comm_info_reply"]

    async def close(self) -> None:
        """Close the page: its beacon ends the kernel."""
        if self.kernel:
            body = urlencode({"_xsrf": self._cookies["_xsrf"].value})
            answer = await self._fetch(f"/voila/api/shutdown/{self.kernel}", method="POST", body=body)
            assert answer.code == 204, f"the beacon got {answer.code}"
        if self._channel:
            self._channel.close()
        self._http.close()

    async def _page(self, path: str) -> str:
        answer = await self._fetch(path)
        text = answer.body.decode()
        self._look(text)
        if answer.code in (429, 503):
            assert "Try now" in text, "a refusal that leads nowhere"
            raise Refused(int(answer.headers["Retry-After"]))
        assert answer.code == 200, f"the page got {answer.code}"
        return text

    async def _fetch(self, path: str, **options: Any) -> HTTPResponse:
        request = HTTPRequest(self._root + path, headers=self._headers(), request_timeout=PATIENCE,
                              connect_timeout=PATIENCE, follow_redirects=False, **options)  # fmt: skip
        answer = await self._http.fetch(request, raise_error=False)
        for cookie in answer.headers.get_list("Set-Cookie"):
            self._cookies.load(cookie)
        return answer

    def _headers(self, **more: str) -> dict[str, str]:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
        known = {"X-Forwarded-Email": self.person.email, "X-Opsnb-Secret": SECRET, "Cookie": cookies}
        return {**known, **more}

    async def _say(self, widget: str, **content: Any) -> None:
        model = next(model for model, state in self._models.items() if _class(state) == widget)
        await self._send("comm_msg", comm_id=model, data={"method": "custom", "content": content})

    async def _send(self, kind: str, **content: Any) -> None:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "u", "version": "5.3"}
        told = {"comm_id": self.kernel, "data": {}, **content}
        message = {"header": header, "parent_header": {}, "metadata": {"version": "1.0.0"}, "content": told}
        assert self._channel
        await self._channel.write_message(json.dumps({**message, "channel": "shell"}))

    async def _until(self, there: Callable[[], object]) -> None:
        assert self._channel
        async with asyncio.timeout(PATIENCE):
            while not there():
                frame = await self._channel.read_message()
                assert isinstance(frame, str), "the channel was closed"
                self._look(frame)
                self._take(json.loads(frame))

    def _look(self, text: str) -> None:
        others = {name.lower() for name in _PERSON.findall(text)} - {self.person.name.lower()}
        assert not others, f"was shown something of {others}"
        assert self.person.sees or not _OPERATION.search(text), "was shown an operation"

    def _take(self, message: Mapping[str, Any]) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        data = content.get("data", {})
        assert kind != "error", content
        assert content.get("execution_state") not in _LOST, "the kernel is lost"
        if kind == "comm_info_reply":
            self._models[kind] = {}
        elif kind == "comm_open":
            self._models[content["comm_id"]] = data["state"]
        elif data.get("method") == "update_states":
            self._models |= {model: told["state"] for model, told in data["states"].items()}
        elif data.get("method") == "update":
            self._models.setdefault(content["comm_id"], {}).update(data["state"])
        elif data.get("method") == "custom":
            assert data["content"].get("type") != "failed", data
        self._check()

    def _check(self) -> None:
        for state in self._models.values():
            for part in (state.get("state"), state.get("fresh")):
                assert not (part or {}).get("error"), part
        actor = self._state("Navigation").get("actor", self.person.name)
        assert actor == self.person.name, f"acts as {actor}"

    def _state(self, widget: str) -> dict[str, Any]:
        return next((state["state"] for state in self._models.values() if _class(state) == widget), {})

    def _shown(self, widget: str) -> bool:
        return any(state["shown"] for state in self._models.values() if _class(state) == widget)


def _class(state: Mapping[str, Any]) -> str:
    return str(state.get("_anywidget_id", "")).rpartition(".")[2]
