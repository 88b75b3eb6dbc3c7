"""Options of PostgreSQL in an address or in PGOPTIONS are kept beside what opsnb itself sets."""

import pytest
from sqlalchemy import text

from opsnb.database import Database
from opsnb.settings import Settings
from support.history import add_run, execute

SHOWN = ("search_path", "application_name", "work_mem", "timezone", "statement_timeout", "transaction_read_only")


def shown(database: Database) -> dict[str, str]:
    """Give what a reading transaction has."""
    with database.look() as connection:
        return {name: str(connection.execute(text(f"SHOW {name}")).scalar()) for name in SHOWN}


@pytest.fixture
def moved(postgresql: Database) -> Database:
    """A database whose tables are in a schema that is not searched by default."""
    add_run(postgresql, type="inventory.sync")
    execute(postgresql, "CREATE SCHEMA app")
    for table in ("operation_runs", "workspaces", "tenants", "platform_users", "audit_logs"):
        execute(postgresql, f"ALTER TABLE {table} SET SCHEMA app")
    return postgresql


def address(database: Database, more: str = "") -> str:
    return database.url.render_as_string(hide_password=False) + more


def test_options_of_an_address_are_kept(moved: Database, open_database) -> None:
    given = "&options=-csearch_path%3Dapp%20-cwork_mem%3D7MB&application_name=nightly"
    database = open_database(address(moved, given))
    found = shown(database)
    assert (found["search_path"], found["work_mem"], found["application_name"]) == ("app", "7MB", "nightly")
    assert database.columns("operation_runs") >= {"id", "type"}
    with database.change() as connection:
        assert connection.execute(text("SELECT type FROM operation_runs")).scalar() == "inventory.sync"


def test_options_of_the_environment_are_kept(moved: Database, open_database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c search_path=app -c work_mem=7MB")
    monkeypatch.setenv("PGAPPNAME", "nightly")
    found = shown(open_database(address(moved)))
    assert (found["search_path"], found["work_mem"], found["application_name"]) == ("app", "7MB", "nightly")


def test_what_opsnb_needs_holds_whatever_the_options_say(
    moved: Database, open_database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c timezone=Asia/Tokyo -c statement_timeout=0 -c search_path=nowhere")
    given = "&options=-cdefault_transaction_read_only%3Doff"
    found = shown(open_database(address(moved, given), Settings(schema=("app",))))
    assert (found["timezone"], found["statement_timeout"], found["search_path"]) == ("UTC", "15s", '"app"')
    assert found["transaction_read_only"] == "on"


def test_what_the_driver_is_told_by_an_address_goes_before_what_opsnb_tells_it(moved: Database, open_database) -> None:
    database = open_database(address(moved, "&connect_timeout=77&keepalives_idle=78"))
    with database.look() as connection:
        used = connection.connection.driver_connection.info.get_parameters()
    assert (used["connect_timeout"], used["keepalives_idle"], used["keepalives_count"]) == ("77", "78", "3")


def test_without_any_the_name_is_opsnb_s(postgresql: Database) -> None:
    assert shown(postgresql)["application_name"] == "opsnb"
