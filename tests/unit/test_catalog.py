from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb import catalog
from opsnb.catalog import Catalog, fallback_label
from opsnb.errors import BadInput
from opsnb.settings import Settings


def of(**types: dict[str, object]) -> Catalog:
    return Catalog.from_settings(Settings(types=types))


def test_the_shipped_types_each_have_a_label_of_their_own():
    rows = catalog.default()
    assert len({row.label for row in rows}) == len({row.type for row in rows}) == len(rows)
    assert all(row.type != row.label for row in rows)


def test_a_team_adds_types_and_changes_single_keys_of_shipped_ones():
    team = Settings(types={"etl.load": {"retryable": True}, "inventory.sync": {"running_limit": "5m"}})
    found = Catalog.from_settings(team)
    assert found["etl.load"] == catalog.OperationType("etl.load", "Etl load", retryable=True)
    assert found["inventory.sync"].running_limit == timedelta(minutes=5)
    assert found["inventory.sync"].label == "Sync device inventory"
    assert len(found) == len(catalog.default()) + 1


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"retriable": True}, "types.etl.retriable: there is no such key. Did you mean 'retryable'?"),
        ({"type": "x"}, "types.etl.type: there is no such key."),
        ({"retryable": "yes"}, "types.etl.retryable must be true or false, not 'yes'."),
        ({"queued_limit": 5}, "types.etl.queued_limit must be a duration such as 30m, not 5."),
        ({"queued_limit": "soon"}, "types.etl.queued_limit must be a number and a unit"),
        ({"running_limit": "9999w"}, "types.etl.running_limit '9999w' is longer than any history."),
        ({"label": " "}, "types.etl.label must be some text, not ' '."),
    ],
)
def test_a_bad_key_is_refused_with_its_path(table, said):
    with pytest.raises(BadInput) as caught:
        of(etl=table)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("type_", "label"),
    [
        ("reports.purge_all", "Reports purge all"),
        ("a/b:c-d", "A b c d"),
        ("Über alles", "Über alles"),
        ("<b>", "<b>"),
        ("", "Unnamed operation"),
        (" ", "Unnamed operation"),
        (None, "Unnamed operation"),
        (5, "5"),
    ],
)
def test_an_unknown_type_has_a_readable_label(type_, label):
    assert fallback_label(type_) == label
    assert of().label(type_) == label


@given(st.one_of(st.text(), st.integers(), st.binary(), st.none(), st.lists(st.text())))
def test_a_label_is_never_empty_and_never_an_error(type_):
    assert of().label(type_).strip()


def test_types_are_found_by_their_label_without_case():
    assert of().matching("POLICY") == ["policies.restore", "policies.compare"]
    assert of().matching("nothing like it") == []
    road = {"road.pave": {"label": "Straße"}}
    assert (of(**road).matching("STRAẞE"), of(**road).matching("strasse")) == (["road.pave"], [])  # as a name is found
