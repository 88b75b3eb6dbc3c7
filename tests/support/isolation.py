"""A run of pytest kept apart from its machine: a home of its own, and a supervisor that ends whatever it leaves."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

DEFAULT_PORTS = {8866, 8888}  # of opsnb and of JupyterLab: a developer's own servers use them
_HOME, _SOCKETS = "OPSNB_TEST_HOME", "OPSNB_TEST_SOCKETS"
_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_FOREIGN = ("PG", "XDG_")  # prefixes of variables that lead libpq and platformdirs to the user's own files


def isolate() -> None:
    """Give this process and all it starts a home and temporary folders of their own, and start the supervisor.

    A pytest that runs inside another, such as a worker of pytest-xdist, has its home inside the other's.
    """
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # `tmp_path` stays for whoever looks into it
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    outer = os.environ.get(_HOME)
    home = Path(tempfile.mkdtemp(prefix="" if outer else "opsnb-test-", dir=outer))
    sockets = Path(tempfile.mkdtemp(prefix="opsnb-test-", dir=_memory()))
    sockets.chmod(0o711)  # PostgreSQL runs as another user where root runs the tests
    (home / "tmp").mkdir()
    os.environ.update({"HOME": str(home), "TMPDIR": str(home / "tmp"), _HOME: str(home), _SOCKETS: str(sockets)})
    tempfile.tempdir = None  # so that Python reads TMPDIR again
    sys.addaudithook(_refuse_default_ports)
    command = [sys.executable, str(_SUPERVISOR), str(os.getpid()), str(home), str(sockets)]
    # Not by `subprocess`, which warns at the end of pytest that it still runs, as it should. Standard input and output
    # are closed: pytest-xdist talks to its workers through them.
    closed = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=closed, setsid=True)


def home() -> Path:
    """Give the home of this run: every process that it starts has that, or a folder in it, as its HOME."""
    return Path(os.environ[_HOME])


def short_folder(prefix: str) -> Path:
    """Make a folder whose path is short enough for sockets, in memory where there is room."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ[_SOCKETS]))


def _memory() -> str | None:
    """Give a folder in memory where there is room for it: a database per test is slow on a busy disk."""
    shared = "/dev/shm"
    return shared if Path(shared).is_dir() and shutil.disk_usage(shared).free > 2**31 else None


def _refuse_default_ports(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.bind", "socket.connect"):
        address = arguments[1]
        if isinstance(address, tuple) and address[1] in DEFAULT_PORTS:
            raise AssertionError(f"A test uses the default port {address[1]}, which a developer's server may have.")
