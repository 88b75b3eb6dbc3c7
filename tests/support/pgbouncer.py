"""A PgBouncer in transaction mode in front of a PostgreSQL server of the tests: on a unix socket, in its own folder."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from support.isolation import short_folder
from support.postgres import PostgresServer


class Pooler:
    """A running PgBouncer: everything sent to a database as one login goes through one session of the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str, login: str = "postgres") -> str:
        return f"postgresql+psycopg://{login}@/{database}?host={self.folder}"

    def through(self, url: str) -> str:
        """Give the address of a database of the server as it is reached here."""
        return f"{url.partition('?host=')[0]}?host={self.folder}"


@contextlib.contextmanager
def pooler(server: PostgresServer, logins: tuple[str, ...] = ("postgres",), **options: object) -> Iterator[Pooler]:
    """Give a running PgBouncer; it is ended by its process id."""
    folder = short_folder("pb-")
    process = None
    try:
        _configure(folder, server, logins, options)
        account = server.account
        if account:  # PgBouncer refuses root as PostgreSQL does
            for path in (folder, *folder.iterdir()):
                os.chown(path, account["user"], account["group"])
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [find_pgbouncer(), folder / "pgbouncer.ini"],
                cwd=folder, stdout=log, stderr=log, start_new_session=True, **account,
            )  # fmt: skip
        _wait(process, folder)
        yield Pooler(folder)
    finally:
        if process is not None:
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def find_pgbouncer() -> str:
    names = (os.environ.get("OPSNB_TEST_PGBOUNCER"), "pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "No PgBouncer was found; run scripts/pgbouncer, or name one in OPSNB_TEST_PGBOUNCER."
    return found


def _configure(folder: Path, server: PostgresServer, logins: tuple[str, ...], options: dict[str, object]) -> None:
    (folder / "logins").write_text("".join(f'"{login}" ""\n' for login in logins))
    settings = {
        "unix_socket_dir": folder, "listen_addr": "", "listen_port": 5432,  # the name of the socket, no port
        "auth_type": "trust", "auth_file": folder / "logins", "pool_mode": "transaction", "default_pool_size": 1,
        "query_wait_timeout": 5,
    } | options  # fmt: skip
    lines = [f"{name} = {value}" for name, value in settings.items()]
    (folder / "pgbouncer.ini").write_text(
        "\n".join(["[databases]", f"* = host={server.folder}", "[pgbouncer]", *lines, ""])
    )


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + 30
    while not (folder / ".s.PGSQL.5432").exists():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError((folder / "log").read_text())
        time.sleep(0.01)
