from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb import links
from opsnb.errors import BadInput
from opsnb.links import Links, Page, Route

QUERIES = st.dictionaries(
    st.sampled_from(["type", "tenant", "search", "since"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)


def test_one_operation_has_one_address():
    assert links.view(42) == "/system/ops/runs/42"
    assert links.read("/system/ops/runs/42") == Route(Page.RUN, 42)
    assert Route(Page.RUN, 42).address == links.view(42)


@pytest.mark.parametrize("page", [*links.LISTS, Page.RUNBOOKS])
def test_each_page_has_one_address(page):
    assert links.page(page) == f"/system/ops/{page}"
    assert links.read(links.page(page)) == Route(page)


@given(st.sampled_from([*links.LISTS, Page.RUNBOOKS]), QUERIES)
def test_an_address_with_filters_is_read_as_it_was_made(page, query):
    route = links.read(links.page(page, query))
    assert route == Route(page, None, query)
    assert links.read(route.address) == route


def test_empty_filters_are_left_out_and_others_encoded():
    assert links.page(Page.RUNS, {"type": "", "search": "a&b=c #1"}) == "/system/ops/runs?search=a%26b%3Dc+%231"


def test_the_host_and_a_slash_at_the_end_do_not_matter():
    assert links.read("https://ops.example.test/system/ops/stuck/?type=x") == Route(Page.STUCK, None, {"type": "x"})


@pytest.mark.parametrize(
    "address",
    ["", "/", "/system/ops", "/system/ops/", "/system/ops/run", "/system/ops/nothing", "/system/ops/runs/x",
     "/system/ops/runs/-1", "/system/ops/runs/1/retry", "/system/ops/runs/٣", "/system/ops/runs/" + "9" * 20,
     "javascript:alert(1)", "http://[", "/system/ops/../ops/runs", None, 5, "/" + "x" * 100_000],
    ids=lambda address: repr(address)[:40],
)  # fmt: skip
def test_an_address_of_no_page_is_refused(address):
    with pytest.raises(BadInput, match="There is no page at"):
        links.read(address)


@given(st.text())
def test_any_text_is_a_route_or_refused(address):
    for text in (address, "/system/ops/runs" + address):
        with suppress(BadInput):
            assert isinstance(links.read(text), Route)


def test_a_flood_of_filters_is_cut_and_not_an_error():
    flood = "&".join(f"f{n}=1" for n in range(500))
    assert links.read(f"/system/ops/runs?{flood}").page is Page.RUNS
    assert links.read("/system/ops/runs?search=" + "x" * 10_000).query == {}


@pytest.mark.parametrize(
    ("style", "base", "address", "href"),
    [
        ("site", "", "/system/ops/runs/7", "/system/ops/runs/7"),
        ("site", "/hub", "/system/ops/runs/7", "/hub/system/ops/runs/7"),
        ("render", "", "/system/ops/runs/7", "/voila/render/run.ipynb?run=7"),
        ("render", "/x", "/system/ops/stuck?type=a", "/x/voila/render/stuck.ipynb?type=a"),
        ("lab", "", "/system/ops/runs/7", "#/system/ops/runs/7"),
        ("lab", "https://ops.example.test", "/system/ops/runs/7", "https://ops.example.test/system/ops/runs/7"),
    ],
)
def test_an_anchor_leads_where_the_page_is_shown(style, base, address, href):
    assert Links(base, style).href(address) == href
