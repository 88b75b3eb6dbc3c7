"""Who sees what through `Ops`, with rights as the database really holds them."""

import json

import pytest

from opsnb import ops as ops_module
from opsnb.access import Capability
from opsnb.connecting import connect
from opsnb.errors import AccessDenied, BadInput, RunNotFound
from opsnb.ops import Ops
from opsnb.settings import Settings
from support.history import (
    ENTRY,
    INACTIVE,
    MANAGE,
    MANAGER,
    NOW,
    OUTSIDER,
    VIEW,
    VIEWER,
    add_people,
    add_run,
    add_user,
    execute,
    set_capabilities,
)  # fmt: skip
from support.statements import recorded

ASK = [
    Ops.runs,
    Ops.failures,
    Ops.stuck,
    Ops.count,
    Ops.runbooks,
    lambda ops: ops.run(1),
    lambda ops: ops.choices("type"),
    lambda ops: ops.label("workspace", 1),
]


@pytest.fixture
def filled(database):
    add_people(database)
    add_run(database)
    return database


@pytest.mark.parametrize(
    "who", [OUTSIDER, INACTIVE, "nobody@example.test", "", 999, "1", 2**70, "\ud800", "' OR 1=1 --"]
)
def test_without_access_no_statement_reads_an_operation(filled, ops_on, who):
    ops = ops_on(filled, who)
    with recorded(filled) as statements:
        for ask in ASK:
            with pytest.raises(AccessDenied, match="ask whoever manages access"):
                ask(ops)
    assert not [s for s in statements if "operation_runs" in s or "workspaces" in s]
    assert not any(ops.can(capability) for capability in Capability)


def test_a_viewer_may_see_and_not_manage(filled, ops_on):
    ops = ops_on(filled, VIEWER)
    assert len(ops.runs().rows) == 1
    assert ops.run(1).row.id == 1
    assert (ops.can(ENTRY), ops.can(VIEW), ops.can(MANAGE)) == (True, True, False)


def test_a_manager_may_manage_unless_the_place_is_read_only(filled, ops_on):
    assert ops_on(filled, MANAGER).can(MANAGE)
    closed = ops_on(filled, MANAGER, read_only=True)
    assert not closed.can(MANAGE)
    assert closed.can(VIEW)


@pytest.mark.parametrize("granted", [[], [VIEW], [ENTRY], [MANAGE], [VIEW, MANAGE], [ENTRY, MANAGE]])
def test_view_needs_entry_and_view(filled, ops_on, granted):
    set_capabilities(filled, VIEWER, granted)
    with pytest.raises(AccessDenied):
        ops_on(filled).runs()


@pytest.mark.parametrize(
    "stored",
    [None, "null", '"platform.operations.view"', {VIEW: True, ENTRY: True}, [[ENTRY, VIEW]], [{"x": VIEW}], 7, 0, True,
     [None, 5, True], f"[{json.dumps(f'{ENTRY},{VIEW}')}]", [VIEW.upper(), ENTRY.upper()], [[[[[[]]]]]]],
    ids=repr,
)  # fmt: skip
def test_a_malformed_list_of_capabilities_gives_nothing(filled, ops_on, stored):
    set_capabilities(filled, VIEWER, stored if stored is not None else "null")
    with pytest.raises(AccessDenied):
        ops_on(filled).runs()


@pytest.mark.parametrize("stored", ["", "[", "[" * 100_000, b"\xff", f"{ENTRY} {VIEW}", 5])
def test_a_column_that_holds_no_json_gives_nothing(sqlite, ops_on, stored):
    add_people(sqlite)
    execute(sqlite, "UPDATE platform_users SET capabilities = :raw", raw=stored)
    with pytest.raises(AccessDenied):
        ops_on(sqlite).runs()


@pytest.mark.parametrize("stored", ["no", "false", "0", "yes", 2, -1, "", b"\x01", 0.5])
def test_only_true_makes_a_user_active(sqlite, ops_on, stored):
    add_people(sqlite)
    execute(sqlite, "UPDATE platform_users SET is_active = :raw", raw=stored)
    with pytest.raises(AccessDenied, match="is not active"):
        ops_on(sqlite).runs()


def test_unknown_capabilities_beside_known_ones_do_no_harm(filled, ops_on):
    set_capabilities(filled, VIEWER, [ENTRY, "platform.future", VIEW, None])
    assert len(ops_on(filled).runs().rows) == 1


@pytest.mark.parametrize(
    ("statement", "capabilities", "active"),
    [("revoked", [ENTRY], True), ("none", [], True), ("inactive", [ENTRY, VIEW], False)],
)
def test_a_right_revoked_in_mid_session_is_gone(filled, ops_on, monkeypatch, statement, capabilities, active):
    monkeypatch.setattr(ops_module, "ACTOR_SECONDS", 0.0)
    ops = ops_on(filled)
    run = ops.run(1)
    set_capabilities(filled, VIEWER, capabilities, is_active=active)
    for ask in (ops.runs, run.audit, run.lineage, run.timeline):
        with pytest.raises(AccessDenied):
            ask()


def test_a_user_removed_in_mid_session_is_unknown(filled, ops_on, monkeypatch):
    monkeypatch.setattr(ops_module, "ACTOR_SECONDS", 0.0)
    ops = ops_on(filled)
    ops.runs()
    execute(filled, "DELETE FROM platform_users WHERE email = :email", email=VIEWER)
    with pytest.raises(AccessDenied, match="is not a platform user here"):
        ops.runs()


def test_who_asks_is_not_asked_again_for_every_page(filled, ops_on):
    ops = ops_on(filled)
    ops.runs()
    with recorded(filled) as statements:
        ops.runs()
        ops.run(1)
    assert not [s for s in statements if "platform_users" in s]


@pytest.mark.parametrize("who", ["vera", "Vera", VIEWER])
def test_an_actor_is_named_by_email_login_or_name(filled, ops_on, who):
    assert ops_on(filled, who).actor.email == VIEWER


def test_an_actor_is_named_by_number(filled, ops_on, monkeypatch, tmp_path):
    number = ops_on(filled).actor.id
    assert ops_on(filled, number).actor.email == VIEWER
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSNB_ACTOR", str(number))
    url = filled.url.render_as_string(hide_password=False)
    ops = connect(url)
    assert ops.actor.email == VIEWER
    ops.close()


def test_an_email_wins_over_another_s_login_and_a_login_over_a_name(filled, ops_on):
    add_user(filled, "x@example.test", name=VIEWER, login="Mona")
    assert ops_on(filled, VIEWER).actor.email == VIEWER
    assert ops_on(filled, "Mona").actor.email == "x@example.test"


def test_an_email_counts_in_other_capitals(filled, ops_on):
    assert ops_on(filled, VIEWER.upper()).actor.email == VIEWER
    add_user(filled, "Ada.Lovelace@Example.TEST", VIEW)
    assert ops_on(filled, "ada.lovelace@example.test").actor.email == "Ada.Lovelace@Example.TEST"
    assert ops_on(filled, VIEWER.split("@")[0].upper()).actor.id is None  # no email


def test_of_two_emails_that_differ_in_capitals_only_the_very_one_counts(filled, ops_on):
    add_user(filled, "Vera@example.test")
    assert ops_on(filled, VIEWER).actor.email == VIEWER
    assert ops_on(filled, "Vera@example.test").actor.email == "Vera@example.test"
    assert ops_on(filled, "VERA@example.test").actor.id is None


@pytest.mark.parametrize("other", ["VER\u00c0@example.test", "\u212aate@example.test", "\u0130nes@example.test"])
def test_letters_that_only_unicode_takes_for_alike_are_two_people(filled, ops_on, other):
    for email in ("ver\u00e0@example.test", "kate@example.test", "i\u0307nes@example.test"):
        add_user(filled, email, VIEW)
    assert ops_on(filled, other).actor.id is None


def test_an_email_in_other_capitals_wins_over_another_s_name(filled, ops_on):
    add_user(filled, "mallory@example.test", name=VIEWER.upper(), login=VIEWER.title())
    assert ops_on(filled, VIEWER.upper()).actor.email == VIEWER
    assert ops_on(filled, VIEWER.title()).actor.email == VIEWER


def test_a_name_that_several_have_is_nobody(filled, ops_on):
    add_user(filled, "vera2@example.test", ENTRY, VIEW, MANAGE, name="Vera")
    ops = ops_on(filled, "Vera")
    assert ops.actor.id is None
    assert not ops.can(ENTRY)


def test_an_empty_name_is_nobody_even_where_an_email_is_empty(filled, ops_on):
    add_user(filled, "", ENTRY, VIEW, MANAGE, name="", login="")
    assert not ops_on(filled, "").can(ENTRY)


def test_a_database_without_logins_still_knows_its_users(filled, ops_on):
    if filled.is_sqlite:
        execute(filled, "CREATE TABLE kept AS SELECT id, name, email, capabilities, is_active FROM platform_users")
        execute(filled, "DROP TABLE platform_users")
        execute(filled, "ALTER TABLE kept RENAME TO platform_users")
    else:
        execute(filled, "ALTER TABLE platform_users DROP COLUMN login")
    assert ops_on(filled).can(VIEW)
    assert not ops_on(filled, "vera").can(ENTRY)


def test_an_operation_that_does_not_exist_is_told(filled, ops_on):
    for number in (2, 0, -1, 2**63, -(2**63) - 1, 10**40):
        with pytest.raises(RunNotFound, match=f"There is no Operation #{number}"):
            ops_on(filled).run(number)


@pytest.mark.parametrize("number", ["1", 1.0, None, True, "#1", [1]])
def test_an_operation_is_named_by_its_number(filled, ops_on, number):
    with pytest.raises(BadInput, match="named by its number"):
        ops_on(filled).run(number)


def test_a_number_out_of_a_frame_names_an_operation(filled, ops_on):
    ops = ops_on(filled)
    assert ops.run(ops.runs().to_frame()["id"].iloc[0]).row.id == 1


def test_two_databases_live_side_by_side(open_database, ops_on, sqlite_url, postgres_url, tmp_path):
    here, there = open_database(sqlite_url), open_database(postgres_url, Settings(page_size=1))
    for database, names in ((here, ["a"]), (there, ["b", "c"])):
        add_people(database)
        for name in names:
            add_run(database, initiator_name=name)
    one, other = ops_on(here, VIEWER), ops_on(there, MANAGER, read_only=True)
    assert [[row.initiator_name for row in ops.runs().rows] for ops in (one, other, one)] == [["a"], ["c"], ["a"]]
    assert (one.actor.email, other.actor.email) == (VIEWER, MANAGER)
    other.close()
    assert one.runs().count == 1
    assert other.runs().count == 2


def test_nothing_is_connected_before_the_first_question(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ops = connect(str(tmp_path / "missing.db"), actor=VIEWER, now=NOW)
    assert repr(ops) == f"Ops on {tmp_path}/missing.db"
    assert ops.now() == NOW
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.parametrize("variable", [("VOILA_PREHEAT", "False"), ("SERVER_SOFTWARE", "voila/0.5.8")])
def test_under_voila_everything_is_read_only(tmp_path, monkeypatch, variable):
    monkeypatch.chdir(tmp_path)
    assert not connect("x.db", actor="a").read_only
    monkeypatch.setenv(*variable)
    assert connect("x.db", actor="a", read_only=False).read_only


def test_a_clock_is_fixed_by_an_argument_or_a_setting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSNB_NOW", "2026-11-23T14:00:00")
    assert connect("x.db").now() == NOW
    assert connect("x.db", now="2026-11-23T15:00+01:00").now() == NOW
    with pytest.raises(BadInput, match="now must be a time"):
        connect("x.db", now="noon")
