import json
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.access import Actor, Capability, can, denial, ensure, read_capabilities, unknown
from opsnb.errors import AccessDenied

ALL = frozenset(Capability)
SUBSETS = [frozenset(s) for s in chain.from_iterable(combinations(Capability, n) for n in range(4))]


def actor(*granted: str, is_active: bool = True) -> Actor:
    return Actor(1, "Ada", capabilities=frozenset(granted), is_active=is_active)


@pytest.mark.parametrize("granted", SUBSETS, ids=lambda granted: "+".join(sorted(granted)))
def test_a_capability_is_worth_nothing_without_what_it_presupposes(granted):
    ada = actor(*granted)
    assert can(ada, Capability.ACCESS) == (Capability.ACCESS in granted)
    assert can(ada, Capability.VIEW) == (granted >= {Capability.ACCESS, Capability.VIEW})
    assert can(ada, Capability.MANAGE) == (granted == ALL)


@pytest.mark.parametrize("who", [actor(*ALL, is_active=False), unknown("ada"), Actor(None, "Ada", "", ALL, True)])
@pytest.mark.parametrize("capability", Capability)
def test_an_unknown_or_inactive_actor_may_do_nothing(who, capability):
    assert not can(who, capability)
    with pytest.raises(AccessDenied):
        ensure(who, capability)


@pytest.mark.parametrize("capability", ["", "platform", "platform.operations.*", "PLATFORM.OPERATIONS.VIEW", None, 5])
def test_no_other_capability_exists(capability):
    assert not can(actor(*ALL), capability)


@pytest.mark.parametrize(
    ("who", "capability", "said"),
    [
        (unknown("ada"), Capability.VIEW, "ada is not a platform user here"),
        (unknown(""), Capability.VIEW, "You are not known here"),
        (actor(is_active=False), Capability.VIEW, "The account of Ada is not active"),
        (actor(), Capability.VIEW,
         "Ada may not see operations: the capability platform.access_system_panel is missing"),
        (actor(Capability.ACCESS, Capability.VIEW), Capability.MANAGE,
         "Ada may not act on operations: the capability platform.operations.manage is missing"),
    ],
)  # fmt: skip
def test_a_denial_names_who_and_what_is_missing(who, capability, said):
    assert denial(who, capability) == f"{said}; ask whoever manages access to this platform."


@pytest.mark.parametrize(
    "stored",
    [None, "", "x", "null", "{", '{"platform.operations.view": true}', '"platform.operations.view"', "5", 5, b"\xff",
     [["platform.operations.view"]], '[{"platform.operations.view": 1}]', "[" * 100_000, {"platform.operations.view"}],
    ids=lambda stored: repr(stored)[:40],
)  # fmt: skip
def test_what_is_no_list_of_capabilities_gives_none(stored):
    assert read_capabilities(stored) == frozenset()


@given(st.lists(st.one_of(st.sampled_from(Capability), st.text(), st.none(), st.integers(), st.booleans())))
def test_only_known_capabilities_are_read(words):
    wanted = {word for word in words if isinstance(word, str) and word in set(Capability)}
    assert read_capabilities(json.dumps(words)) == read_capabilities(words) == wanted
