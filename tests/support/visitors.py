"""A browser without a screen: it opens pages, keeps their cookies, and speaks to their kernels."""

import json
import re
import uuid
from email.message import Message
from html import unescape
from http.cookies import SimpleCookie

from websockets.sync.client import ClientConnection, connect

from support.serving import Server

PAGE = "/system/ops/runs"


class Visitor:
    """One person's browser; `headers` go with each of its requests, `kernel` is that of the page opened last."""

    def __init__(self, server: Server, **headers: str) -> None:
        self.server, self.headers, self.kernel = server, headers, ""
        self.cookies: dict[str, str] = {}

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Message]:
        """Send a request with the cookies, and keep those of the answer."""
        answer = self.server.get(path, method, **self._headers(), **headers)
        for text in answer[2].get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(text).items():
                self.cookies[name] = cookie.value
                if not cookie.value:
                    del self.cookies[name]
        return answer

    def open(self, path: str = PAGE) -> str:
        """Open a page: its text."""
        status, text, _ = self.get(path)
        found = re.search(r'"kernelId": "([\w-]+)"', text)
        assert status == 200, text
        assert found, text
        self.kernel = found[1]
        return text

    def said(self, path: str = PAGE) -> str:
        """Open a page: what its notebook printed between ``<<`` and ``>>``."""
        text = self.open(path)
        found = re.search("&lt;&lt;(.*)&gt;&gt;", text)
        assert found, text
        return unescape(found[1])

    def model(self, kernel: str | None = None) -> int:
        """Ask for the state of a kernel: the answer's status."""
        return self.get(f"/api/kernels/{kernel or self.kernel}")[0]

    def end(self, kernel: str | None = None) -> int:
        """End a kernel as its page does when it closes: the answer's status."""
        token = self.cookies.get("_xsrf", "")
        return self.get(f"/voila/api/shutdown/{kernel or self.kernel}", "POST", **{"X-XSRFToken": token})[0]

    def channels(self, kernel: str | None = None, **options: object) -> ClientConnection:
        """Open the channels of a kernel."""
        address = f"ws{self.server.root.removeprefix('http')}/api/kernels/{kernel or self.kernel}/channels"
        return connect(address, additional_headers=self._headers(), **options)  # type: ignore[arg-type]

    def _headers(self) -> dict[str, str]:
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**self.headers, **({"Cookie": sent} if sent else {})}


def message(kind: str, **content: object) -> str:
    """Give a message to a kernel, as a page sends it."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "u", "version": "5.3",
              "date": ""}  # fmt: skip
    return json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
