"""Evidence as a document: one HTML file that opens offline, runs nothing and fetches nothing."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from opsnb.errors import BadInput
from opsnb.evidence.contents import contents
from opsnb.evidence.files import write_whole
from opsnb.text import duration, moment, visible

if TYPE_CHECKING:
    from opsnb.ops import Ops

HERE = Path(__file__).parent
LONGEST = 2_000


@dataclass(frozen=True)
class Evidence:
    """What was known of an operation.

    Parameters
    ----------
    run_id
        Its number.
    as_of
        At which moment, tz-aware UTC.
    html
        The whole file.
    """

    run_id: int
    as_of: datetime
    html: str = field(repr=False)

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return self.html.encode()

    @property
    def name(self) -> str:
        """What to call the file: by operation and moment, so that a later one replaces no earlier one."""
        return f"evidence-{self.run_id}-{self.as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}.html"

    @property
    def sha256(self) -> str:
        """Digest of the file in hexadecimal, by which it can be referred to."""
        return sha256(self.data).hexdigest()

    def save(self, path: str | Path | None = None) -> Path:
        """Write the file; give where it lies.

        Parameters
        ----------
        path
            Default `name`, in the working directory.

        Raises
        ------
        BadInput
            If it cannot be written.
        """
        place = Path(path) if path is not None else Path(self.name)
        try:
            write_whole(place, self.data, "wb")
        except OSError as error:
            raise BadInput(f"The evidence cannot be written to {place}: {error.strerror}.") from error
        return place

    def __repr__(self) -> str:
        return f"Evidence of Operation #{self.run_id} as of {moment(self.as_of)}, sha256 {self.sha256}"


def evidence(ops: Ops, run_id: int) -> Evidence:
    """Freeze an operation as the actor of `ops` sees it; errors as for ``ops.run``."""
    found = contents(ops, run_id)
    style = (HERE / "page.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    # No tag and no quote of the style is escaped: its digest is of exactly these bytes.
    html = _template().render(it=found, style=Markup(style), digest=digest)  # noqa: S704
    return Evidence(found.run.row.id, found.run.as_of, html)


@cache
def _template() -> Template:
    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(shown=lambda text: visible(text, LONGEST), moment=moment, duration=duration)
    return made.get_template("page.html.jinja")
