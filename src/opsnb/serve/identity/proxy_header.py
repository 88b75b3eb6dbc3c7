"""``--identity proxy``: a header names the user, believed from the proxy that knows the secret."""

from __future__ import annotations

import hmac
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from tornado.httputil import HTTPServerRequest

from opsnb.errors import BadInput
from opsnb.serve.identity.names import foreign_name, one_header

SECRET = "OPSNB_PROXY_SECRET"  # noqa: S105 - the name of a variable
_LONG = re.compile(r"[!-~]{16,1024}")


@dataclass(frozen=True)
class ProxyHeader:
    """Believes a header of the proxy.

    Parameters
    ----------
    user_header
        Header that names the user.
    secret_header
        Header in which the proxy shows that it is the proxy.
    secret
        What it shows there.
    """

    user_header: str
    secret_header: str
    secret: str = field(repr=False)

    def vouches(self, request: HTTPServerRequest) -> bool:
        """Whether the proxy itself passed the request on."""
        shown = one_header(request.headers, self.secret_header)
        return shown is not None and hmac.compare_digest(shown.encode(), self.secret.encode())

    def user(self, request: HTTPServerRequest) -> str | None:
        """Give the name in the header, if the secret came with it."""
        return foreign_name(one_header(request.headers, self.user_header)) if self.vouches(request) else None

    def holds(self, _request: HTTPServerRequest) -> bool:
        """Leave the end of a session to the proxy, which closes its channels."""
        return True


def take_secret(file: Path | None) -> str:
    """Give the secret in `file`, else that of the environment, where no kernel will find it any more.

    Raises
    ------
    BadInput
        If there is none, or one that could be guessed.
    """
    told = os.environ.pop(SECRET, "")
    try:
        secret = file.read_text(encoding="utf-8").strip() if file else told
    except (OSError, UnicodeError) as error:
        raise BadInput(f"The secret of the proxy cannot be read from {file}: {error}.") from error
    if not _LONG.fullmatch(secret):
        raise BadInput(
            "--identity proxy needs the secret that the proxy shows, 16 printable characters or more without blanks,"
            f" in {SECRET} or --proxy-secret-file; or --jwt-keys, if the proxy signs what it says."
        )
    return secret
