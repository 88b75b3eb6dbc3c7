"""Start the server and keep it until it is told to stop."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from traitlets.config import Config

from opsnb.database import Database
from opsnb.errors import BadInput, log
from opsnb.notebooks_path import notebooks_path
from opsnb.serve import sockets
from opsnb.serve.app import OpsVoila
from opsnb.serve.capacity import default_kernels
from opsnb.serve.connection import PageConnection
from opsnb.serve.environment import page_environment
from opsnb.serve.folder import Folder
from opsnb.serve.front import Front, read_front, read_tls
from opsnb.serve.health import Readiness
from opsnb.serve.identity.choice import choose
from opsnb.serve.identity.options import IdentityOptions
from opsnb.serve.identity.provider import Identity
from opsnb.serve.identity.tokens import Tokens
from opsnb.serve.kernels import NativeKernels, PageKernels
from opsnb.serve.limits import read_limits
from opsnb.serve.logs import hand_on, write_log
from opsnb.serve.metrics import Metrics
from opsnb.serve.open_files import connections, limit_kernels, raise_limit
from opsnb.serve.routes import HOME, read_base_url
from opsnb.serve.sign_in import page_config
from opsnb.serve.templates import keep_compiled

EXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]

_NO_FRAMES = (
    "Without TLS, browsers show these pages inside those of the same site alone: --framed-by for another site needs "
    "--certfile and --keyfile, or a public_url that begins with https://."
)


@dataclass(frozen=True)
class Options:
    """How the pages are served.

    Parameters
    ----------
    ip, port
        Where to listen; port 0 takes any free one.
    base_url
        Path under which every route lies.
    actor
        Who looks; None for what the settings say.
    verbose
        Log also requests for files and for the server's health.
    log_format
        "json" or "text"; empty for text at a terminal, and JSON elsewhere.
    metrics_ip, metrics_port
        Where Prometheus asks; port None for nowhere.
    preheat
        Kernels, out of all, that wait for whoever comes next; 0 for none.
    identity
        How it is known who asks.
    allow_hosts
        Names that are answered to, beside those of this machine and of the setting `public_url`.
    framed_by
        Origins whose pages may show these inside their own.
    certfile, keyfile
        PEM files by which the server speaks TLS; None to leave that to a proxy.
    max_kernels, max_kernels_per_user
        Kernels at once, those that wait among them, and pages at once of one user; None for what the machine bears.
    notebooks
        Folder of the pages' notebooks; None for the shipped ones.
    """

    ip: str = "127.0.0.1"
    port: int = 8866
    base_url: str = "/"
    actor: str | None = None
    verbose: bool = False
    log_format: str = ""
    metrics_ip: str = "127.0.0.1"
    metrics_port: int | None = None
    preheat: int = 2
    identity: IdentityOptions = field(default_factory=IdentityOptions)
    allow_hosts: tuple[str, ...] = ()
    framed_by: tuple[str, ...] = ()
    certfile: Path | None = None
    keyfile: Path | None = None
    max_kernels: int | None = None
    max_kernels_per_user: int | None = None
    notebooks: Path | None = None


def serve(database: Database, options: Options, ready: Callable[[str], None]) -> None:
    """Serve the pages on `database` until interrupted; `ready` is called with their address once it answers.

    Raises
    ------
    BadInput
        If address, port or base URL cannot be used, or anybody could look who should not.
    """
    base_url = read_base_url(options.base_url)
    notebooks = _notebooks(options)
    one_viewer = options.identity.kind == "none"
    files = raise_limit()
    most = limit_kernels(files, options.max_kernels, default_kernels())
    seats, turns = read_limits(most, options.max_kernels_per_user, options.preheat, one_viewer=one_viewer)
    tls = read_tls(options.certfile, options.keyfile)
    taken = sockets.listen(options.ip, options.port)
    host, port = sockets.address(taken)
    actor = options.actor or database.settings.actor
    local = sockets.local(taken)
    verifier = choose(options.identity, actor, options.ip, local=local)
    front = read_front(database.settings.public_url, options.allow_hosts, options.framed_by, local=local)
    write_log(options.log_format, verbose=options.verbose)
    if options.identity.kind != "proxy" and not front.may_be_framed(tls=tls is not None):
        log.warning(_NO_FRAMES)
    app = OpsVoila.instance(config=configuration(), base_url=base_url, port=port)
    hand_on(app.log)
    app.verifier, app.front, app.tls, app.sockets = verifier, front, tls, taken
    app.seats, app.turns, app.readiness = seats, turns, Readiness(database, lambda: app.kernel_manager.pool.ready)
    app.environment, app.preheat = page_environment(database, base_url), options.preheat
    app.max_kernels, app.max_connections = most, connections(files, most)
    app.metrics = Metrics(_counts(app), most)
    app.metrics_sockets, app.metrics_front = _metrics(options, front)
    scheme = "https" if tls else "http"
    token = f"?token={verifier.first}" if isinstance(verifier, Tokens) and verifier.first else ""
    app.ready = lambda: ready(f"{scheme}://{host}:{port}{base_url.rstrip('/')}{HOME}{token}")
    app.root_dir = str(notebooks)
    app.folder = Folder()
    app.connection_dir_root = str(app.folder.path)
    keep_compiled()
    app.initialize([])
    app.start()
    atexit.register(_leave)


def _leave() -> None:
    """Leave without taking every module apart, which takes seconds, and more of them on a machine that is busy."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _metrics(options: Options, front: Front) -> tuple[list[socket.socket], Front]:
    if options.metrics_port is None:
        return [], front
    taken = sockets.listen(options.metrics_ip, options.metrics_port, "--metrics-port", "--metrics-ip")
    log.info("metrics are at http://%s:%d/metrics", *sockets.address(taken))
    return taken, replace(front, local=sockets.local(taken))


def _counts(app: OpsVoila) -> dict[str, Callable[[], float]]:
    return {
        "serving": lambda: len(app.kernel_manager.owners),
        "waiting": lambda: len(app.kernel_manager.pool),
        "starting": lambda: len(app.kernel_manager) - len(app.kernel_manager.owners) - len(app.kernel_manager.pool),
    }


def _notebooks(options: Options) -> Path:
    folder = options.notebooks or notebooks_path()
    if not folder.is_dir():
        raise BadInput(f"There are no notebooks at {folder}; install opsnb again.")
    return folder


def configuration() -> Config:
    """Give the whole configuration of the server; no file of the user's adds to it."""
    return Config(
        {
            "OpsVoila": {
                "config_file_paths": [],
                "log_level": logging.WARNING,
                "open_browser": False,
                "identity_provider_class": Identity,
                "kernel_websocket_connection_class": PageConnection,
            },
            "VoilaConfiguration": _voila(),
            # A page ends its kernel as it closes; this ends those whose browser died or never ran the page.
            # A page that connects again asks for the state of its widgets: nothing has to be kept for it meanwhile.
            "MappingKernelManager": {
                "cull_idle_timeout": 120,
                "cull_interval": 10,
                "buffer_offline_messages": False,
            },
            # One that died and was started again would have lost its page's widgets, and not know whose page it is.
            "KernelRestarter": {"restart_limit": 0},
            "KernelManager": {"shutdown_wait_time": 2.0, "transport_encryption": "auto"},
        }
    )


def _voila() -> dict[str, Any]:
    return {
        "template": "opsnb",
        "strip_sources": True,
        "show_tracebacks": False,
        "allow_template_override": "NO",
        "allow_theme_override": "NO",
        "page_config_hook": page_config,
        "extension_allowlist": EXTENSIONS,
        "kernel_spec_manager_class": NativeKernels,
        "multi_kernel_manager_class": PageKernels,
    }
