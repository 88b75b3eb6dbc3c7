"""The templates of pages, compiled once: Voila makes an environment for each page, which was most of its work."""

from __future__ import annotations

from types import CodeType

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from voila import notebook_renderer
from voila.exporter import VoilaExporter


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


def keep_compiled() -> None:
    """Have every page rendered by `PageExporter`: Voila names its exporter itself, and no setting does."""
    notebook_renderer.VoilaExporter = PageExporter
