"""A database that others made is read like one of opsnb's own: every list, filter, page, count, choice and detail."""

import pytest

from opsnb.errors import DatabaseUnavailable
from opsnb.settings import Settings
from support.foreign import seen
from support.foreign.owner import make_suggested_indexes
from support.history import MANAGER, execute


@pytest.fixture(scope="module")
def known():
    return []


@pytest.fixture
def own_seen(known, request, ops_on):
    """What is read from opsnb's own tables, which are the same for every test."""
    if not known:
        known.append(seen(ops_on(request.getfixturevalue("own"), MANAGER)))
    return known[0]


@pytest.mark.parametrize("kind", ["laravel", "native"])
def test_everything_is_read_as_from_opsnb_s_own_tables(kind, foreign, own_seen, ops_on):
    database = foreign(kind)
    assert len(make_suggested_indexes(database)) == 11
    assert seen(ops_on(database, MANAGER)) == own_seen


def test_everything_is_read_as_from_opsnb_s_own_sqlite_file(foreign, own_sqlite, ops_on):
    database = foreign("sqlite")
    make_suggested_indexes(database)
    assert any(row.retried_as for row in ops_on(own_sqlite).runs(limit=500).rows)
    assert seen(ops_on(database, MANAGER)) == seen(ops_on(own_sqlite, MANAGER))


@pytest.mark.parametrize("who", ["mona", "Mona", MANAGER, 2])
@pytest.mark.parametrize("kind", ["laravel", "native", "sqlite"])
def test_a_person_is_known_by_login_where_the_settings_say_so(kind, who, foreign, ops_on):
    database = foreign(kind, everything=False)
    actor = ops_on(database, who).actor
    assert (actor.id, actor.email, len(actor.capabilities)) == (2, MANAGER, 3)


def test_a_lineage_is_whole_also_where_sqlite_was_told_what_there_is(own_sqlite, ops_on):
    ops = ops_on(own_sqlite)
    before = {row.id: ops.run(row.id).lineage() for row in ops.runs(limit=500).rows}
    execute(own_sqlite, "ANALYZE")
    own_sqlite.close()
    assert {number: ops.run(number).lineage() for number in before} == before


def test_a_type_may_be_an_enum_and_a_table_stand_in_another_schema(own, own_seen, ops_on, open_database):
    execute(own, "CREATE TYPE kind AS ENUM ('inventory.sync', 'policies.backup', 'tenants.provision',"
                 " 'etl_load.night', 'no.such')")  # fmt: skip
    execute(own, "ALTER TABLE operation_runs ALTER type TYPE kind USING CAST(type AS kind)")
    execute(own, 'CREATE SCHEMA "Core"')
    execute(own, 'ALTER TABLE tenants SET SCHEMA "Core"')
    execute(own, 'ALTER TABLE "Core".tenants RENAME TO "Customers"')
    url = own.url.render_as_string(hide_password=False)
    settings = Settings(tables={"tenants": "Core.Customers"})
    assert seen(ops_on(open_database(url, settings), MANAGER)) == own_seen


def test_a_type_that_an_enum_does_not_know_is_refused_in_one_sentence(own, ops_on):
    execute(own, "CREATE TYPE kind AS ENUM ('inventory.sync', 'policies.backup', 'tenants.provision',"
                 " 'etl_load.night')")  # fmt: skip
    execute(own, "ALTER TABLE operation_runs ALTER type TYPE kind USING CAST(type AS kind)")
    ops = ops_on(own, MANAGER)
    assert ops.stuck().rows
    with pytest.raises(DatabaseUnavailable, match=r'enum kind: "no\.such"'):
        ops.runs(type="no.such")
