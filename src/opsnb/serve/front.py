"""How the server is reached: by which names, from inside which other pages, and by which files it speaks TLS."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname
from urllib.parse import urlsplit

from opsnb.errors import BadInput

_NAME = re.compile(r"[A-Za-z0-9.-]{1,253}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:\d{1,5})?")


@dataclass(frozen=True)
class Front:
    """The outside of the server.

    Parameters
    ----------
    local
        Whether only this machine reaches it.
    hosts
        Names that it answers to, in lower case.
    origin
        Of the published dashboard, such as ``https://ops.example``; empty where none is set.
    framed_by
        Origins of pages that may show a page of it inside their own.
    """

    local: bool
    hosts: frozenset[str]
    origin: str
    framed_by: tuple[str, ...]

    def may_be_framed(self, *, tls: bool) -> bool:
        """Whether pages of `framed_by` can show one of this server, which itself speaks TLS or does not.

        Browsers keep cookies for a frame of another site over TLS alone, and without its cookie a page has no kernel.
        """
        return not self.framed_by or tls or self.origin.startswith("https:")

    def answers(self, host: str) -> bool:
        """Whether a request for that host may be meant for this server.

        A page elsewhere can make its own name lead here (DNS rebinding), but not a number.
        """
        try:
            address = ip_address(host.removeprefix("[").removesuffix("]"))
        except ValueError:
            return host in self.hosts
        return address.is_loopback or not self.local or host in self.hosts


def read_front(public_url: str, allow_hosts: tuple[str, ...], framed_by: tuple[str, ...], *, local: bool) -> Front:
    """Read how the server is reached.

    Raises
    ------
    BadInput
        If a name or origin is none.
    """
    for host in allow_hosts:
        if not _NAME.fullmatch(host):
            raise BadInput(f"--allow-host must be a name such as ops.example.com, not {host!r}.")
    for origin in framed_by:
        if not _ORIGIN.fullmatch(origin):
            raise BadInput(f"--framed-by must be an origin such as https://intranet.example.com, not {origin!r}.")
    public = urlsplit(public_url)
    names = {"localhost", gethostname(), public.hostname or "", *allow_hosts} - {""}
    origin = f"{public.scheme}://{public.netloc}".lower() if public.hostname else ""
    return Front(local, frozenset(name.lower() for name in names), origin, framed_by)


def read_tls(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    """Read certificate and key; None where neither is named.

    Raises
    ------
    BadInput
        If only one is named, or they cannot be used.
    """
    if certfile is None and keyfile is None:
        return None
    if certfile is None or keyfile is None:
        raise BadInput("TLS needs both --certfile and --keyfile.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certfile, keyfile, password="")  # an encrypted key must not ask at the terminal
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise BadInput(f"The certificate {certfile} and key {keyfile} cannot be used: {error}.") from error
    return context
