"""Tables and words as they are read: text from the database stays text, whatever markup it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from html import escape

import pandas as pd

from opsnb.text import duration, moment, visible

WIDTH = 120
SHORT = 24  # a column no wider than a time never wraps
NOTHING = "Nothing to show."


@dataclass(frozen=True)
class Table:
    """A short table for a cell's output.

    Its HTML holds no script and no style sheet, so it takes the colours of where it is shown; text is escaped and
    never typeset as mathematics.

    Parameters
    ----------
    frame
        Text only; the name of its columns stands over its index.
    numbers
        Columns that hold quantities, and are set flush right.
    more
        How many rows were left out at the end.
    """

    frame: pd.DataFrame
    numbers: frozenset[str] = frozenset()
    more: int = 0

    def __repr__(self) -> str:
        if self.frame.empty:
            return NOTHING
        return self.frame.to_string(max_colwidth=WIDTH) + (f"\n… and {self.more:,} more" if self.more else "")

    def _repr_html_(self) -> str:
        if self.frame.empty:
            return f"<p>{NOTHING}</p>"
        names = [str(self.frame.columns.name or ""), *self.frame.columns]
        head = "".join(f'<th scope="col" style="{self._style(name)}">{escape(name)}</th>' for name in names)
        body = "".join(self._row(str(key), row) for key, row in self.frame.iterrows())
        table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        rest = f"<p>… and {self.more:,} more</p>" if self.more else ""
        return f'<table class="mathjax_ignore tex2jax_ignore">{table}</table>{rest}'

    def _row(self, key: str, row: pd.Series) -> str:
        cells = zip(self.frame.columns, row, strict=True)
        shown = (f'<td style="{self._style(name)}"><bdi>{escape(text)}</bdi></td>' for name, text in cells)
        return f'<tr><th scope="row" style="text-align:left"><bdi>{escape(key)}</bdi></th>{"".join(shown)}</tr>'

    def _style(self, name: str) -> str:
        short = name in self.frame and self.frame[name].str.len().max() <= SHORT
        side = "right" if name in self.numbers else "left"
        return f"text-align:{side}" + (";white-space:nowrap" if short else "")


def show(frame: pd.DataFrame, rows: int = 10) -> Table:
    """Give the first `rows` rows as they are read.

    Spans are said in words, times in UTC, and fractional numbers, which are shares everywhere in this package, in
    percent. Control characters become visible and long text is cut.
    """
    head = frame.head(rows)
    texts = {str(name): [_text(value) for value in head[name]] for name in head}
    shown = pd.DataFrame(texts, index=[_text(key) for key in head.index], dtype=object)
    shown.columns.name = str(head.index.name or "")
    numbers = frozenset(str(name) for name in head if _is_quantity(head[name]))
    return Table(shown, numbers, len(frame) - len(head))


def code(text: object) -> str:
    """Give text from the database as a Markdown code span: the one place where no markup and no formula counts."""
    line = " ".join(visible(text, WIDTH).split()) or "(empty)"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def plain(text: object) -> str:
    """Give a sentence that may quote the database, such as an error's, as Markdown in which nothing is markup."""
    inert = re.sub(r"[!#-&(-+\-./:<=>@\[-`{-~]", lambda mark: f"&#{ord(mark[0])};", visible(text))
    line = " ".join(inert.split())
    return f'<span class="mathjax_ignore tex2jax_ignore">{line}</span>' if "&#36;" in line or "&#92;" in line else line


def percent(share: float) -> str:
    """Say a share between 0 and 1: ``"15 %"``, ``"0.3 %"``."""
    return f"{share * 100:.1f} %" if 0 < share < 0.01 else f"{share * 100:.0f} %"


def _is_quantity(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_timedelta64_dtype(column)


def _text(value: object) -> str:
    match value:
        case pd.Timestamp():
            return moment(value)
        case timedelta():
            return duration(value)
        case float() if value == value:
            return percent(value)
        case str() | int():
            return " ".join(visible(value, WIDTH).split())
    return "" if pd.isna(value) else visible(value, WIDTH)  # type: ignore[call-overload]
