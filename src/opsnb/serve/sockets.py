"""The port the server listens on, taken before anything else is started."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

from tornado.netutil import bind_sockets

from opsnb.errors import BadInput

_TAKEN = "Port {port} is taken; choose another with {flag}."
_PORT = "--port (make demo PORT=…)"
_FORBIDDEN = "Port {port} needs more rights than you have; choose one above 1023 with {flag}."
_NO_ADDRESS = "This machine has no address {ip}; name another with {ip_flag}."
_SENTENCES = {errno.EADDRINUSE: _TAKEN, errno.EACCES: _FORBIDDEN}


def listen(ip: str, port: int, flag: str = _PORT, ip_flag: str = "--ip") -> list[socket.socket]:
    """Take `port` at `ip`; port 0 takes any free one.

    Parameters
    ----------
    ip, port
        Where.
    flag, ip_flag
        The options that choose others.

    Raises
    ------
    BadInput
        If it cannot be had; the message says why.
    """
    try:
        return bind_sockets(port, ip)
    except (OSError, OverflowError) as error:
        sentence = _SENTENCES.get(getattr(error, "errno", None) or 0, _NO_ADDRESS)
        raise BadInput(sentence.format(port=port, ip=ip, flag=flag, ip_flag=ip_flag)) from error


def release(sockets: list[socket.socket]) -> None:
    """Give a port back that was only tried."""
    for one in sockets:
        one.close()


def local(sockets: list[socket.socket]) -> bool:
    """Whether only this machine reaches any of them."""
    return all(ip_address(one.getsockname()[0].partition("%")[0]).is_loopback for one in sockets)


def address(sockets: list[socket.socket]) -> tuple[str, int]:
    """Give host, as it is written in an address, and port of the first socket."""
    host, port = sockets[0].getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - the wildcard is compared, not bound
        host = socket.gethostname()
    return (f"[{host}]" if ":" in host else host), port
