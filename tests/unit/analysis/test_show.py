from datetime import timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest
from nbconvert.filters import markdown2html

from opsnb.analysis import code, plain, show

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</code></td><script>alert(1)</script>",
    "[click](javascript:alert(1)) ![](http://x.test/a.png)",
    "**loud** _and_ # heading",
    "`ticks` ``and`` more```",
    "`",
    "<b>`</b>",
    "&lt;script&gt;",
    "$\\href{javascript:alert(1)}{x}$ and $$y$$ and \\(z\\)",
    "one\ntwo\r\n- three\n\n# four",
    "1. first",
    "a|b|c",
    "https://x.test www.x.test mona@x.test",
]


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("quote", "tags"), [(code, {"p", "code"}), (plain, {"p", "span"})])
def test_markup_in_words_stays_text(quote, tags, text):
    found = read(markdown2html(f"It says {quote(text)}."))
    assert found.tags <= tags
    assert " ".join(found.text.replace("␍", " ").split()) == f"It says {' '.join(text.split())}."


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_table_stays_text(text):
    html = show(pd.DataFrame({text: [text]}, index=pd.Index([text], name=text)))._repr_html_()
    found = read(html)
    assert found.tags <= {"table", "thead", "tbody", "tr", "th", "td", "bdi"}
    assert found.text.replace("␍", "").count(" ".join(text.split())[:4]) >= 2
    assert "mathjax_ignore" in html


def test_a_formula_is_kept_from_being_typeset():
    assert plain("costs $5 or $6").startswith('<span class="mathjax_ignore tex2jax_ignore">')
    assert plain("nothing of the kind") == "nothing of the kind"


def test_code_of_nothing_and_of_too_much():
    assert code("") == code(None) == "`(empty)`"
    assert len(code("x" * 9_000)) < 130
    assert code("a\u202eb") == "`a⟨U+202E⟩b`"


def test_values_are_said_in_words():
    frame = pd.DataFrame(
        {
            "share": [0.154, 0.004, float("nan")],
            "waits": [timedelta(hours=2, minutes=14), timedelta(seconds=5), None],
            "at": pd.to_datetime(["2026-11-23T14:00:00Z", None, None]),
            "count": [3, 2, 1],
        },
        index=pd.Index(["a", "b", "c"], name="tenant"),
    )
    table = show(frame)
    assert table.frame.to_numpy().tolist() == [
        ["15 %", "2 h 14 min", "2026-11-23 14:00:00 UTC", "3"],
        ["0.4 %", "5 s", "", "2"],
        ["", "", "", "1"],
    ]
    assert table.numbers == {"share", "waits", "count"}
    assert repr(table).splitlines()[0].split() == ["tenant", "share", "waits", "at", "count"]


def test_what_was_left_out_is_counted():
    table = show(pd.DataFrame({"x": range(1_300)}), rows=2)
    assert repr(table).endswith("… and 1,298 more")
    assert "… and 1,298 more" in table._repr_html_()


def test_an_empty_table_says_so():
    assert repr(show(pd.DataFrame({"x": []}))) == "Nothing to show."
    assert show(pd.DataFrame())._repr_html_() == "<p>Nothing to show.</p>"
