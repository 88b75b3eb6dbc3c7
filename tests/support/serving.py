"""A real server in a process of its own, on a free port, with nothing of the user's Jupyter in sight."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from copy import copy
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psutil

from opsnb.notebooks_path import notebooks_path
from opsnb.serve.folder import PREFIX
from support.isolation import DEFAULT_PORTS

OPSNB = [sys.executable, "-c", "from opsnb.cli import main; main()"]
# The command serves the shipped notebooks alone; tests of the server bring their own.
ON_NOTEBOOKS = """
import json, sys
from pathlib import Path
from opsnb.database import Database
from opsnb.serve import kernels, pool, server
from opsnb.serve.identity.options import IdentityOptions
from opsnb.serve.server import Options, serve
from opsnb.settings import Settings
told, configuration = json.loads(sys.argv[1]), server.configuration()
configuration.MappingKernelManager.update(told.pop("culling", {}))
configuration.KernelRestarter.time_to_dead = 0.5  # seconds between two looks at whether a kernel lives; usually 3
pool._RETRY = 1  # seconds until a kernel is started in place of one that did not start; usually 10
server.configuration = lambda: configuration
def paths(named):
    files = ("secret_file", "jwt_keys", "tokens", "certfile", "keyfile", "notebooks")
    return {name: Path(value) if name in files else tuple(value) if isinstance(value, list) else value
            for name, value in named.items()}
if not told.pop("forks", True):
    kernels.can_fork = lambda: False
database = Database(told.pop("database", "runs.db"), Settings.load())
identity = IdentityOptions(**paths(told.pop("identity", {})))
options = Options(port=0, identity=identity, **paths(told))
serve(database, options, lambda address: print("opsnb is at", address, flush=True))
"""
READY = re.compile(r"opsnb is at (\S+)")
_KERNEL = re.compile("ipykernel|opsnb.serve.page_process")
_FORKS = "opsnb.serve.fork_server"
LAB_READY = re.compile(r"(http://127\.0\.0\.1:\d+/lab)\b")


_LINES, _WIDTH = 40, 1500  # of the end of a log, and characters of a line
_running: "list[Server]" = []
_ended: deque[tuple[str, str]] = deque(maxlen=2)  # what a test may have asked that fails as its fixtures end


def logs() -> list[tuple[str, str]]:
    """Give the address of every server that runs now or ran a moment ago, with the end of its log."""
    return [*_ended, *((server.root, _end(server.log)) for server in _running)]


def _end(log: str) -> str:
    """Give the last lines, and of a long one, such as a traceback, how it begins and ends."""
    half = _WIDTH // 2
    lines = log.splitlines()[-_LINES:]
    return "\n".join(line if len(line) <= _WIDTH else f"{line[:half]} […] {line[-half:]}" for line in lines)


class Server:
    """A running server: its `home` page's address, its `root`, `log` and `folder`, and the processes of its kernels."""

    def __init__(self, process: "subprocess.Popen[bytes]", home: str, log: Path) -> None:
        self.process, self.home, self._log, self.folder = process, home, log, log.parent
        self.root = home.removesuffix("/system/ops/runs")

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kernels(self) -> list[psutil.Process]:
        """Give the kernels that run now."""
        started = _children(psutil.Process(self.process.pid))
        forked = [child for process in started if _FORKS in _command(process) for child in _children(process)]
        return forked + [child for child in started if _KERNEL.search(_command(child))]

    def fork_server(self) -> psutil.Process:
        """Give the process that kernels are forked from."""
        return next(child for child in _children(psutil.Process(self.process.pid)) if _FORKS in _command(child))

    def wait_for_kernels(self, number: int, seconds: float = 15) -> None:
        """Wait until so many kernels run."""
        end = time.monotonic() + seconds
        while len(self.kernels()) != number:
            assert time.monotonic() < end, f"{len(self.kernels())} kernels run, not {number}"
            time.sleep(0.05)

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Message]:
        """Fetch a page: its status, text and headers; a redirect is not followed."""
        request = urllib.request.Request(self.root + path, method=method, headers=headers)
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(errors="replace"), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace"), error.headers


def survivors(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; give those that have not. One that is not yet reaped has ended."""
    end = time.monotonic() + seconds
    while (left := [one for one in processes if _runs(one)]) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def connection_file(kernel: psutil.Process) -> Path | None:
    """Give the file by which the server reaches a kernel, once it listens."""
    ports = {
        connection.laddr.port for connection in kernel.net_connections() if connection.status == psutil.CONN_LISTEN
    }
    files = Path(tempfile.gettempdir()).glob(f"{PREFIX}*/*/kernel-*.json")
    return next((file for file in files if _shell_port(file) in ports), None)


def _shell_port(file: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # another kernel's: it has ended, or begins
        return json.loads(file.read_text())["shell_port"]
    return None


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return process.children()
    return []


def _command(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Give an environment in which neither the user's Jupyter nor a setting from outside counts."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("OPSNB_", "JUPYTER", "VOILA_"))}
    ours = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR",
                                                          "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}  # fmt: skip
    return kept | ours | {"PYTHONUNBUFFERED": "1"} | more


@contextlib.contextmanager
def running(folder: Path, command: list[str], ready: re.Pattern[str] = READY, **env: str) -> Iterator[Server]:
    """Run a server in `folder` until the block ends."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=out, env=environment(folder, **env), start_new_session=True
        )
    try:
        server = Server(process, _wait(process, log, ready), log)
        _running.append(server)
        try:
            yield server
        finally:
            _running.remove(server)
            _ended.append((f"{server.root}, which has ended", _end(server.log)))
    finally:
        stop(process)


def serving(folder: Path, *options: str, **env: str) -> "contextlib.AbstractContextManager[Server]":
    """Run ``opsnb serve`` in `folder`, on a free port."""
    return running(folder, [*OPSNB, "serve", "--port=0", *options], **env)


def serving_notebooks(
    folder: Path, notebooks: Path, env: dict[str, str] | None = None, **options: object
) -> "contextlib.AbstractContextManager[Server]":
    """Serve other notebooks than the shipped ones; `options` are those of the server."""
    told = json.dumps({"notebooks": str(notebooks), "preheat": 0, **options})
    return running(folder, [sys.executable, "-c", ON_NOTEBOOKS, told], **env or {})


def _wait(process: "subprocess.Popen[bytes]", log: Path, ready: re.Pattern[str]) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if found := ready.search(log.read_text()):
            assert urlsplit(found[1]).port not in DEFAULT_PORTS, f"{found[1]} is a default address; name a port"
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def _wait_for_answer(root: str) -> None:
    host, _, port = root.removeprefix("http://").partition(":")
    end = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=5).close()
        except OSError:
            assert time.monotonic() < end, f"nobody listens at {root}"
            time.sleep(0.02)


def stop(process: "subprocess.Popen[bytes]", number: int = signal.SIGTERM) -> float:
    """End a server as a user would; give the seconds it took."""
    began = time.monotonic()
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its own group: whatever a failed test left in it
    process.wait()
    return time.monotonic() - began


def write_notebooks(folder: Path, **sources: str) -> Path:
    """Write notebooks of one code cell each."""
    folder.mkdir(exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for name, source in sources.items():
        cells = [nbformat.v4.new_code_cell(source, id="only")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / f"{name}.ipynb")
    return folder


@contextlib.contextmanager
def running_lab(folder: Path) -> Iterator[Server]:
    """Run JupyterLab on the folder `work` in `folder`, which is made."""
    (folder / "work").mkdir()
    quiet = folder / "jupyter_config_dir" / "labconfig"
    quiet.mkdir(parents=True)
    (quiet / "page_config.json").write_text(
        '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
    )
    command = [sys.executable, "-m", "jupyterlab", str(folder / "work"), "--no-browser", "--allow-root", "--port=0",
               "--ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]  # fmt: skip
    with running(folder, command, LAB_READY) as server:
        server.root = server.home.removesuffix("/lab")
        _wait_for_answer(server.root)  # JupyterLab tells its address a moment before it listens there
        yield server


def open_lab(lab: Server, name: str, database: object, actor: str) -> Server:
    """Give `lab` in a workspace of its own, on a copy of the notebooks that work on `database` as `actor`."""
    shutil.copytree(notebooks_path(), lab.folder / "work" / name)
    told = {"database_url": str(database), "actor": actor}
    lines = [f"{setting} = {json.dumps(value)}\n" for setting, value in told.items()]
    (lab.folder / "work" / name / "opsnb.toml").write_text("".join(lines))
    opened = copy(lab)
    opened.home = f"{lab.root}/lab/workspaces/{name}/tree/{name}/runs.ipynb"
    return opened


def close_lab(lab: Server) -> None:
    """End the kernels of `lab`, and forget what was set in it."""
    end = time.monotonic() + 30
    while left := json.loads(lab.get("/api/sessions")[1]):
        assert time.monotonic() < end, f"{len(left)} kernels of JupyterLab do not end"
        for session in left:  # while a kernel starts again its end is an error, and has to be asked for once more
            lab.get(f"/api/sessions/{session['id']}", "DELETE")
    shutil.rmtree(lab.folder / "jupyter_config_dir" / "lab" / "user-settings", ignore_errors=True)
