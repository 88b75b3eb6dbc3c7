"""Each kernel belongs to one user and to the one page that it was started for; to everybody else it does not exist."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError

from opsnb.serve.guarded import Guarded
from opsnb.serve.identity.tokens import cookie_name


@dataclass(frozen=True)
class _Page:
    user: str
    key: str


class Owners:
    """Knows whose each kernel is; one that nobody has claimed is nobody's."""

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, kernel: object) -> bool:
        return kernel in self._pages

    def claim(self, kernel: str, handler: Guarded) -> None:
        """Make `kernel` the one of the page that `handler` answers, by a cookie that no script can read."""
        page = self._pages[kernel] = _Page(handler.current_user.username, secrets.token_urlsafe(16))
        cookie = _cookie(handler)
        handler.set_cookie(cookie + kernel, page.key, httponly=True)
        for name in handler.cookies:
            if name.startswith(cookie) and name.removeprefix(cookie) not in self:
                handler.clear_cookie(name)  # browsers keep few, and proxies pass few on

    def owns(self, kernel: str, handler: Guarded) -> bool:
        """Whether the request comes from the user and the page that `kernel` belongs to."""
        page = self._pages.get(kernel)
        key = handler.get_cookie(_cookie(handler) + kernel) or ""
        same_user = page is not None and page.user == handler.current_user.username
        return page is not None and same_user and hmac.compare_digest(page.key.encode(), key.encode())

    def forget(self, kernel: str) -> None:
        """Take note that the kernel is no more."""
        self._pages.pop(kernel, None)


def _cookie(handler: Guarded) -> str:
    return f"{cookie_name(handler.request)}-page-"


class OfKernel(Guarded):
    """Answers for a kernel to its owner; the kernel of another is answered like one that does not exist."""

    async def prepare(self, **options: Any) -> None:
        """Refuse before anything is told."""
        await super().prepare(**options)
        kernel = self.path_kwargs.get("kernel_id") or self.path_args[0]
        if not self.settings["kernel_manager"].owners.owns(kernel, self):
            raise HTTPError(HTTPStatus.NOT_FOUND)
