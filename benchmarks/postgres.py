"""One PostgreSQL cluster on the disk, kept from run to run; its durability is as shipped, only its memory is not.

It runs while anybody uses it: runs at the same time share it, and the last one stops it.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.cache import CLONE, folder

sys.path.insert(0, str(CLONE / "tests"))
from support.postgres import VERSIONS, find_binaries, make_reachable

OPTIONS = {"listen_addresses": "", "shared_buffers": "2GB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB",
           "max_connections": "60"}  # fmt: skip
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Cluster:
    """The cluster of the newest version at hand, running."""

    version = VERSIONS[0]

    def __init__(self) -> None:
        self.folder = folder(f"postgresql-{self.version}")
        self._account = _account()
        # A socket's path has at most 107 bytes, and a clone may lie deep.
        self.socket = Path(tempfile.gettempdir()) / f"opsnb-bench-{zlib.crc32(str(self.folder).encode()):08x}"
        self.socket.mkdir(exist_ok=True)
        for path in (self.folder, self.socket):
            if self._account:
                os.chown(path, self._account["user"], self._account["group"])
        self._binaries = _kept(self.folder, self._account)

    def url(self, database: str) -> str:
        """Give the address of a database, for opsnb and SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket}"

    def dsn(self, database: str = "postgres") -> str:
        """Give it for psycopg."""
        return f"host={self.socket} user=postgres dbname={database}"

    def execute(self, statement: str) -> None:
        """Run a statement outside any database of a history."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> None:
        """Start it, made anew where there is none; one that runs already runs on."""
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        if not self._runs():
            options = " ".join(f"-c {key}='{value}'" for key, value in {
                **OPTIONS, "unix_socket_directories": self.socket}.items())  # fmt: skip
            self._run("pg_ctl", "start", "-w", "-t", "300", "-D", data, "-l", self.folder / "log", "-o", options)

    def stop(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", "300", "-D", self.folder / "data")

    def _runs(self) -> bool:
        asked = [self._binaries / "pg_ctl", "status", "-D", self.folder / "data"]
        return (
            subprocess.run(asked, stdout=subprocess.DEVNULL, cwd="/", env=_ENVIRONMENT, **self._account).returncode == 0
        )

    def _run(self, program: str, *words: object) -> None:
        subprocess.run([self._binaries / program, *map(str, words)], check=True, stdout=subprocess.DEVNULL,
                       cwd="/", env=_ENVIRONMENT, **self._account)  # fmt: skip


def _account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")  # PostgreSQL refuses root
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _kept(place: Path, account: dict[str, Any]) -> Path:
    copied = next(place.glob("site/*/*/bin"), None)
    if copied:
        return copied
    found = find_binaries(Cluster.version)
    return make_reachable(found, place, account) if account else found


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give the running cluster."""
    found = Cluster()
    with (found.folder / "users").open("w") as users:
        if _locked(users, fcntl.LOCK_EX):  # nobody uses it
            found.start()
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for whoever is starting it
        try:
            yield found
        finally:
            if _locked(users, fcntl.LOCK_EX):
                found.stop()


def _locked(file: Any, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
