"""The files of the front end: given by plain names alone, and kept by browsers under addresses that tell a version.

Without such an address a browser asks for each of a hundred files again, whether it is still the same, at every page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from tornado.web import HTTPError
from voila.static_file_handler import MultiStaticFileHandler

from opsnb.serve.guarded import Guarded

KEPT = "private, max-age=31536000, immutable"


def version_of(folders: Iterable[str]) -> str:
    """Give a name that changes when a file below one of these folders does."""
    told = hashlib.blake2b(digest_size=8)
    for folder in map(Path, folders):
        for path in sorted(folder.rglob("*")):
            at = path.stat()
            told.update(f"{path}\0{at.st_size}\0{at.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return f"~{told.hexdigest()}"


def versioned(config: dict[str, Any], version: str) -> dict[str, Any]:
    """Lead a page's front end to its files of this version."""
    names = ("fullStaticUrl", "fullLabextensionsUrl")
    return config | {name: f"{config[name]}/{version}" for name in names}


class Files(Guarded):
    """Gives files by plain names alone, so that none is looked up by a name that means another place."""

    cache_control = "no-cache"
    quiet = True

    async def prepare(self, **options: Any) -> None:
        """Refuse before anything is looked up; the version in an address names no folder."""
        await super().prepare(**options)
        name, version = self.path_args[0], f"{self.settings['files_version']}/"
        if not name.isprintable() or "\\" in name or ".." in name.split("/"):
            raise HTTPError(HTTPStatus.NOT_FOUND)
        if name.startswith(version):
            self.cache_control = KEPT
            self.path_args = [name.removeprefix(version)]

    def set_headers(self) -> None:
        """Let the browser keep what its address tells the version of."""
        super().set_headers()  # type: ignore[misc] # of the files' own handlers
        self.set_header("Cache-Control", self.cache_control)


class FilesHandler(Files, MultiStaticFileHandler):  # type: ignore[misc]
    """Gives the files of Voila's front end."""

    route = "/voila/static/{file}"


class ExtensionFilesHandler(Files, FileFindHandler):
    """Gives the files of the front end's extensions."""

    route = "/voila/labextensions/{file}"
