"""Start the server and keep it until it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from traitlets.config import Config

from opsnb.database import Database
from opsnb.errors import BadInput, log
from opsnb.notebooks_path import notebooks_path
from opsnb.serve import sockets
from opsnb.serve.app import OpsVoila
from opsnb.serve.connection import PageConnection
from opsnb.serve.environment import page_environment
from opsnb.serve.front import read_front, read_tls
from opsnb.serve.health import Readiness
from opsnb.serve.identity.choice import choose
from opsnb.serve.identity.options import IdentityOptions
from opsnb.serve.identity.provider import Identity
from opsnb.serve.identity.tokens import Tokens
from opsnb.serve.kernels import NativeKernels, PageKernels
from opsnb.serve.limits import read_limits
from opsnb.serve.routes import HOME, read_base_url
from opsnb.serve.sign_in import page_config

EXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]


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
        Log every request, not only warnings.
    preheat
        Kernels that wait for whoever comes next; 0 for none.
    identity
        How it is known who asks.
    allow_hosts
        Names that are answered to, beside those of this machine and of the setting `public_url`.
    framed_by
        Origins whose pages may show these inside their own.
    certfile, keyfile
        PEM files by which the server speaks TLS; None to leave that to a proxy.
    max_kernels, max_kernels_per_user
        Kernels at once, of all and of one user; None for what the machine bears.
    notebooks
        Folder of the pages' notebooks; None for the shipped ones.
    """

    ip: str = "127.0.0.1"
    port: int = 8866
    base_url: str = "/"
    actor: str | None = None
    verbose: bool = False
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
    folder = _folder(options)
    one_viewer = options.identity.kind == "none"
    seats, turns = read_limits(options.max_kernels, options.max_kernels_per_user, one_viewer=one_viewer)
    tls = read_tls(options.certfile, options.keyfile)
    taken = sockets.listen(options.ip, options.port)
    host, port = sockets.address(taken)
    actor = options.actor or database.settings.actor
    local = sockets.local(taken)
    verifier = choose(options.identity, actor, options.ip, local=local)
    front = read_front(database.settings.public_url, options.allow_hosts, options.framed_by, local=local)
    app = OpsVoila.instance(config=configuration(verbose=options.verbose), base_url=base_url, port=port)
    app.verifier, app.front, app.tls, app.sockets = verifier, front, tls, taken
    app.seats, app.turns, app.readiness = seats, turns, Readiness(database)
    app.environment, app.preheat = page_environment(database, base_url), options.preheat
    scheme = "https" if tls else "http"
    token = f"?token={verifier.first}" if isinstance(verifier, Tokens) and verifier.first else ""
    app.ready = lambda: ready(f"{scheme}://{host}:{port}{base_url.rstrip('/')}{HOME}{token}")
    app.root_dir = str(folder)
    app.initialize([])
    app.log.addFilter(_worth_saying)
    _say_here(app.log)
    app.start()


def _say_here(server: logging.Logger) -> None:
    # What identity and pools have to say belongs beside what the server says.
    for handler in server.handlers:
        log.addHandler(handler)
    log.setLevel(server.level)


def _worth_saying(record: logging.LogRecord) -> bool:
    # Trust is about stored outputs; a page shows only those that its own kernel has just made.
    return "is not trusted" not in record.getMessage()


def _folder(options: Options) -> Path:
    folder = options.notebooks or notebooks_path()
    if not folder.is_dir():
        raise BadInput(f"There are no notebooks at {folder}; install opsnb again.")
    return folder


def configuration(*, verbose: bool = False) -> Config:
    """Give the whole configuration of the server; no file of the user's adds to it."""
    level = logging.INFO if verbose else logging.WARNING
    return Config(
        {
            "OpsVoila": {
                "config_file_paths": [],
                "log_level": level,
                "logging_config": {"loggers": {"opsnb": {"level": logging.WARNING, "handlers": ["console"]}}},
                "open_browser": False,
                "identity_provider_class": Identity,
                "kernel_websocket_connection_class": PageConnection,
            },
            "VoilaConfiguration": _voila(),
            # A page ends its kernel as it closes; this ends those whose browser died or never ran the page.
            "MappingKernelManager": {"cull_idle_timeout": 120, "cull_interval": 10},
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
