"""The templates of pages, compiled once: Voila makes an environment for each page, which was most of its work."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from voila import notebook_renderer
from voila.exporter import VoilaExporter

from opsnb.serve.early import Early


class _Compiled(BytecodeCache):
    """Keeps in memory what was compiled, for as long as its source stays the same."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


_COMPILED = _Compiled()


class PageExporter(VoilaExporter):  # type: ignore[misc]
    """Renders a page from templates that were compiled for an earlier one."""

    def _create_environment(self) -> Environment:
        environment: Environment = super()._create_environment()
        environment.bytecode_cache = _COMPILED
        return environment

    def generate_from_notebook_node(
        self, nb: Any, resources: Any = None, extra_context: dict[str, Any] | None = None, **more: Any
    ) -> AsyncGenerator[Any]:
        """Render it, and let the template ask what can be drawn early."""
        told = extra_context or {}
        page = told["kernel_start"].func.__self__  # Voila hands on nothing else of the page that is being made
        modules = page.request_handler.settings["modules"]
        early = Early(modules, page.notebook_path, page.base_url, lambda: page.executor.widget_state)
        return super().generate_from_notebook_node(nb, resources, {**told, "early": early}, **more)  # type: ignore[no-any-return]


def keep_compiled() -> None:
    """Have every page rendered by `PageExporter`: Voila names its exporter itself, and no setting does."""
    notebook_renderer.VoilaExporter = PageExporter
