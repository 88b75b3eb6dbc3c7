"""How many files this process may open, and how many kernels and connections they suffice for.

To the operating system a connection is an open file: one with a browser, with a kernel, with the database.
"""

from __future__ import annotations

import logging
import sys

from opsnb.errors import BadInput

_MAX_LIMIT = 65_536  # more serves nobody, and a process that closes all there may be takes its time
_SERVER = 200  # of the server itself: modules, database, log, and the connections of those who have no page yet
# Of one page: its process and what that writes (2), the server's own connections with its kernel (4), and four channels
# of five files each. A page that is shown has one channel, and so 11 files in all.
_KERNEL = 26
_CONNECTIONS = 4  # with one browser beside the channels, on the average: six as its page comes, and none a minute later
_MAX_CONNECTIONS = 1000  # of those who have no page
_log = logging.getLogger("opsnb.serve")


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one, and give it."""
    if sys.platform == "win32":
        return _MAX_LIMIT
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_LIMIT if hard == resource.RLIM_INFINITY else min(hard, _MAX_LIMIT)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS grants less than it says
            return soft
        return wanted
    return wanted if soft == resource.RLIM_INFINITY else soft


def needed(kernels: int) -> int:
    """Give how many files a server with so many kernels opens at most."""
    return _SERVER + kernels * (_KERNEL + _CONNECTIONS)


def limit_kernels(files: int, wanted: int | None, default: int) -> int:
    """Give how many kernels there may be: those wanted, or as many of the default as so many open files suffice for.

    Raises
    ------
    BadInput
        If the files do not suffice for those wanted, or for a single one.
    """
    enough = (files - _SERVER) // (_KERNEL + _CONNECTIONS)
    if (wanted or 1) > enough:
        most = wanted or 1
        less = f", or set --max-kernels to {enough} or less" if enough > 0 else ""
        raise BadInput(
            f"--max-kernels {most} needs {needed(most)} open files, and this process may open {files}; "
            f"raise its limit (LimitNOFILE= of systemd, ulimit -n of a shell){less}."
        )
    if not wanted and default > enough:
        _log.warning("of %d kernels there may be %d: more need more than %d open files", default, enough, files)
    return wanted or min(default, enough)


def connections(files: int, kernels: int) -> int:
    """Give how many connections with browsers there may be."""
    channels = 4 * kernels
    return min(_MAX_CONNECTIONS + channels, files - _SERVER // 2 - kernels * (_KERNEL - 4))
