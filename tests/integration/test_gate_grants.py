"""What `opsnb grants` prints, that it can be applied again, and that its check names whatever differs."""

import os
import subprocess
import sys

import psycopg
import pytest
from click.testing import CliRunner

from opsnb import schema
from opsnb.cli import main
from opsnb.database import Database
from opsnb.errors import BadInput
from opsnb.grants import Place, differences, script
from opsnb.settings import Settings
from support.gate import OWNER, enter, install, kept

PLACE = Place(Settings(), owner=OWNER)
RUNS = "public.operation_runs"
TABLES = ("operation_runs", "audit_logs", "platform_users", "workspaces", "tenants")


@pytest.fixture
def admin(gate_server, gated):
    with enter(gate_server, gated, "postgres") as connection:
        yield connection


@pytest.fixture
def check(gate_server, gated, open_database):
    database = open_database(gate_server.url(gated))
    return lambda place=PLACE: differences(database, place)


def test_it_prints_sql_and_needs_no_database_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["grants", "--owner", OWNER])
    assert result.exit_code == 0
    assert result.output == script(PLACE)
    assert "{{" not in result.output
    assert not list(tmp_path.iterdir())


def test_it_prints_the_same_in_every_process():
    printed = {
        subprocess.run(
            [sys.executable, "-c", "from opsnb.cli import main; main()", "grants"],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(printed) == 1


def test_it_says_the_team_s_own_names_and_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "opsnb.toml").write_text(
        'schema = ["ops"]\noutput_keys = ["log"]\n[tables]\noperation_runs = "work.Runs"\n', encoding="utf-8"
    )
    printed = CliRunner().invoke(main, ["grants"]).output
    assert 'BEFORE INSERT OR DELETE OR UPDATE ON work."Runs"' in printed
    assert "ON ops.workspaces TO" in printed
    assert "ARRAY['triage', 'log']" in printed
    assert "SET LOCAL ROLE" not in printed


@pytest.mark.parametrize("option", ["--owner", "--schema"])
@pytest.mark.parametrize("name", ["x; DROP TABLE y", "a'b", 'a"b', "a b", "{{x}}"])
def test_a_name_that_could_be_more_than_a_name_is_refused(option, name):
    result = CliRunner().invoke(main, ["grants", option, name])
    assert result.exit_code == 1
    assert "must be a name" in result.output


def test_it_may_be_applied_again(admin, check):
    install(admin)  # rights stand in the order in which they were granted
    was = kept(admin)
    install(admin)
    assert kept(admin) == was
    assert check() == []


def test_it_takes_back_what_was_granted_beside_it(admin, check):
    admin.execute("GRANT UPDATE ON workspaces TO opsnb_operator; GRANT SELECT ON audit_logs TO PUBLIC")
    admin.execute("ALTER TABLE operation_runs DISABLE TRIGGER ALL; ALTER TABLE tenants DISABLE ROW LEVEL SECURITY")
    assert len(check()) == 5
    install(admin)
    assert check() == []


def test_whoever_does_not_own_the_tables_is_told(gate_server, gated):
    with enter(gate_server, gated, "postgres") as admin:
        with pytest.raises(psycopg.errors.RaiseException, match=r"owned by postgres: apply this as their owner"):
            admin.execute(script(Place(Settings())))
        admin.execute("ROLLBACK")
    with enter(gate_server, gated, OWNER) as owner:
        owner.execute(script(Place(Settings())))


@pytest.mark.parametrize(
    ("missing", "column"), [("operation_runs ALTER context TYPE json", 1), ("platform_users DROP COLUMN login", 2)]
)
def test_what_the_guard_needs_is_told(admin, missing, column):
    admin.execute("DROP SCHEMA opsnb CASCADE")
    if column == 1:
        admin.execute("DROP INDEX ix_runs_retry_of, ux_runs_live_retry")
    admin.execute(f"ALTER TABLE {missing}")
    with pytest.raises(psycopg.errors.RaiseException, match=r"needs public\.operation_runs\.context to be jsonb"):
        install(admin)


# Each with what is said of it, and what undoes it where applying the SQL again does not.
CHANGES = [
    ("ALTER TABLE operation_runs DISABLE TRIGGER opsnb_guard", f"The trigger opsnb_guard on {RUNS} is disabled."),
    ("ALTER TABLE operation_runs ENABLE TRIGGER opsnb_audit", f"The trigger opsnb_audit on {RUNS} is not enabled al"),
    ("ALTER TABLE platform_users DISABLE TRIGGER opsnb_users",
     "The trigger opsnb_users on public.platform_users is disabled."),
    ("DROP TRIGGER opsnb_audit ON operation_runs", f"The trigger opsnb_audit on {RUNS} is missing."),
    ("CREATE OR REPLACE TRIGGER opsnb_guard BEFORE INSERT ON operation_runs FOR EACH ROW"
     " EXECUTE FUNCTION opsnb.guard_run()", f"The trigger opsnb_guard on {RUNS} differs"),
    ("CREATE OR REPLACE FUNCTION opsnb.bound() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS 'SELECT false'",
     "The function opsnb.bound differs"),
    ("ALTER FUNCTION opsnb.retried SECURITY INVOKER", "The function opsnb.retried differs"),
    ("ALTER FUNCTION opsnb.reads() RESET search_path", "The function opsnb.reads differs"),
    ("ALTER FUNCTION opsnb.audit_run() OWNER TO postgres", "The function opsnb.audit_run belongs to somebody else",
     "ALTER FUNCTION opsnb.audit_run() OWNER TO team_owner"),
    ("DROP FUNCTION opsnb.record_refusal", "The function opsnb.record_refusal is missing."),
    ("CREATE FUNCTION opsnb.more() RETURNS int LANGUAGE sql AS 'SELECT 1'", "The function opsnb.more is not of the",
     "DROP FUNCTION opsnb.more"),
    ("ALTER TABLE audit_logs DISABLE ROW LEVEL SECURITY", "Row security is off on public.audit_logs."),
    ("ALTER POLICY opsnb_active ON tenants USING (true)", "The policy opsnb_active on public.tenants is missing"),
    ("DROP POLICY opsnb_active ON platform_users", "The policy opsnb_active on public.platform_users is missing"),
    ("GRANT DELETE ON operation_runs TO opsnb_operator", f"opsnb_operator may DELETE table {RUNS}, and should not."),
    ("GRANT UPDATE (type) ON operation_runs TO mona", f"mona may UPDATE table {RUNS} (type), and should not.",
     "REVOKE ALL ON operation_runs FROM mona"),
    ("GRANT INSERT ON audit_logs TO PUBLIC", "PUBLIC may INSERT table public.audit_logs, and should not."),
    ("GRANT CREATE ON SCHEMA public TO PUBLIC", "PUBLIC may CREATE schema public, and should not."),
    ("GRANT UPDATE ON SEQUENCE operation_runs_id_seq TO opsnb_viewer",
     "opsnb_viewer may UPDATE sequence public.operation_runs, and should not."),
    ("GRANT EXECUTE ON FUNCTION opsnb.write_audit TO vera", "vera may EXECUTE function opsnb.write_audit,",
     "REVOKE ALL ON FUNCTION opsnb.write_audit FROM vera"),
    ("REVOKE SELECT (context) ON operation_runs FROM opsnb_viewer",
     f"opsnb_viewer may not SELECT table {RUNS} (context), and should."),
    ("REVOKE UPDATE (status) ON operation_runs FROM opsnb_operator",
     f"opsnb_operator may not UPDATE table {RUNS} (status), and should."),
    ("ALTER ROLE vera SUPERUSER", "The login vera is a superuser: nothing holds it.", "ALTER ROLE vera NOSUPERUSER"),
    ("ALTER ROLE vera BYPASSRLS", "The login vera bypasses row security.", "ALTER ROLE vera NOBYPASSRLS"),
    ("ALTER ROLE vera CREATEROLE", "The login vera may create roles.", "ALTER ROLE vera NOCREATEROLE"),
    ("GRANT pg_write_all_data TO mona", "The login mona is a member of pg_write_all_data.",
     "REVOKE pg_write_all_data FROM mona"),
    ("GRANT team_owner TO mona", f"The login mona is a member of the owner of {RUNS}: it can take the gate away.",
     "REVOKE team_owner FROM mona"),
    ("GRANT opsnb_operator TO team_owner", f"The login team_owner owns {RUNS}: the guard does not hold it.",
     "REVOKE opsnb_operator FROM team_owner"),
    # Functions: all that decides what they do and as whom.
    ("ALTER FUNCTION opsnb.bound() VOLATILE", "The function opsnb.bound differs"),
    ("ALTER FUNCTION opsnb.guard_run() STABLE", "The function opsnb.guard_run differs"),
    ("ALTER FUNCTION opsnb.reads() STRICT", "The function opsnb.reads differs"),
    ("ALTER FUNCTION opsnb.reads() LEAKPROOF", "The function opsnb.reads differs"),
    ("ALTER FUNCTION opsnb.reads() PARALLEL SAFE", "The function opsnb.reads differs"),
    ("ALTER FUNCTION opsnb.guard_run() SET row_security = off", "The function opsnb.guard_run differs",
     "ALTER FUNCTION opsnb.guard_run() RESET row_security"),
    ("DROP FUNCTION opsnb.moment; CREATE FUNCTION opsnb.moment(at timestamp) RETURNS text LANGUAGE sql"
     " AS 'SELECT NULL'", "The function opsnb.moment is missing.", "DROP FUNCTION opsnb.moment(timestamp)"),
    # Triggers and rules beside the gate's.
    ("CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.outcome := NULL; RETURN NEW; END';"
     "CREATE TRIGGER zz BEFORE UPDATE ON operation_runs FOR EACH ROW EXECUTE FUNCTION rewrite()",
     f"The trigger zz on {RUNS} fires after opsnb_guard", "DROP FUNCTION rewrite CASCADE"),
    ("CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
     "CREATE TRIGGER aa BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION rewrite()",
     "The trigger aa on public.audit_logs can change or drop what is recorded.", "DROP FUNCTION rewrite CASCADE"),
    ("CREATE OR REPLACE TRIGGER opsnb_guard BEFORE INSERT OR DELETE OR UPDATE ON operation_runs FOR EACH ROW"
     " WHEN (pg_trigger_depth() > 1) EXECUTE FUNCTION opsnb.guard_run()", f"The trigger opsnb_guard on {RUNS} differs"),
    *((f"CREATE RULE zz AS ON INSERT TO {table} DO INSTEAD NOTHING", f"The rule zz on public.{table} rewrites",
       f"DROP RULE zz ON {table}") for table in ("operation_runs", "audit_logs", "platform_users")),
    # Tables and their rows.
    *((f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY", f"Row security is forced on the owner of public.{table}",
       f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY") for table in TABLES),
    *((f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY", f"Row security is off on public.{table}.")
      for table in TABLES),
    *((f"DROP POLICY opsnb_everybody ON {table}", f"No policy on public.{table} lets anybody") for table in TABLES),
    ("ALTER POLICY opsnb_active ON tenants TO vera", "The policy opsnb_active on public.tenants is missing or differs"),
    ("ALTER TABLE audit_logs SET UNLOGGED", "public.audit_logs is unlogged", "ALTER TABLE audit_logs SET LOGGED"),
    ("ALTER TABLE platform_users DROP CONSTRAINT platform_users_login_key", "public.platform_users.login is not unique",
     "ALTER TABLE platform_users ADD UNIQUE (login)"),
    ("ALTER TABLE platform_users DROP CONSTRAINT platform_users_login_key;"
     "CREATE UNIQUE INDEX half ON platform_users (login) WHERE is_active",
     "public.platform_users.login is not unique", "ALTER TABLE platform_users ADD UNIQUE (login)"),
    ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'platform_users_login_key'::regclass",
     "public.platform_users.login is not unique",
     "REINDEX INDEX platform_users_login_key"),
    ("INSERT INTO pg_subscription_rel VALUES (1, 'platform_users'::regclass, 'r')",
     "public.platform_users is filled by a subscription", "DELETE FROM pg_subscription_rel"),
    # This build has no ICU, and so no such collation of its own.
    ("DROP POLICY opsnb_active ON platform_users; DROP TRIGGER opsnb_users ON platform_users;"
     "CREATE COLLATION fold FROM \"C\";"
     "ALTER TABLE platform_users ALTER login TYPE text COLLATE fold;"
     "UPDATE pg_collation SET collisdeterministic = false WHERE collname = 'fold'",
     "public.platform_users.login has a collation that takes different logins for one:",
     "UPDATE pg_collation SET collisdeterministic = true WHERE collname = 'fold'"),
    ("ALTER TABLE audit_logs OWNER TO vera", "public.audit_logs belongs to vera: ALTER TABLE public.audit_logs OWNER TO"
     " team_owner.", "ALTER TABLE audit_logs OWNER TO team_owner; REVOKE ALL ON audit_logs FROM vera"),
    ("ALTER SCHEMA opsnb OWNER TO vera", "opsnb belongs to vera: ALTER SCHEMA opsnb OWNER TO team_owner.",
     "ALTER SCHEMA opsnb OWNER TO team_owner"),
    # Rights, also those of roles that a member has besides, those to pass on, and those of tables to come.
    ("CREATE ROLE team_crew; GRANT team_crew TO mona; GRANT DELETE ON audit_logs TO team_crew",
     "team_crew, a role of mona, may DELETE table public.audit_logs, and should not. REVOKE it.",
     "DROP OWNED BY team_crew; DROP ROLE team_crew"),
    ("GRANT SELECT (id) ON audit_logs TO opsnb_viewer WITH GRANT OPTION",
     "opsnb_viewer may pass on SELECT table public.audit_logs (id), and should not."),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE team_owner GRANT SELECT ON TABLES TO PUBLIC",
     "PUBLIC may SELECT each table that team_owner creates later: ALTER DEFAULT PRIVILEGES FOR ROLE team_owner REVOKE",
     "ALTER DEFAULT PRIVILEGES FOR ROLE team_owner REVOKE SELECT ON TABLES FROM PUBLIC"),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT DELETE ON TABLES TO vera",
     "vera may DELETE each table that postgres creates later: ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA",
     "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public REVOKE DELETE ON TABLES FROM vera"),
    ("GRANT CREATE ON SCHEMA opsnb TO opsnb_viewer", "opsnb_viewer may CREATE schema opsnb, and should not."),
    ("GRANT TEMPORARY ON DATABASE {database} TO vera", "vera may TEMPORARY database, and should not.",
     "REVOKE TEMPORARY ON DATABASE {database} FROM vera"),
    # Views and functions that act as somebody else.
    ("CREATE VIEW zz AS SELECT * FROM operation_runs; GRANT SELECT ON zz TO PUBLIC",
     "PUBLIC may SELECT public.zz, a view with the rights of postgres on the tables: REVOKE ALL ON public.zz FROM PUB",
     "DROP VIEW zz"),
    ("CREATE VIEW zz AS SELECT id FROM platform_users; CREATE VIEW zy AS SELECT * FROM zz; GRANT SELECT (id) ON zy TO"
     " vera", "vera may SELECT public.zy, a view with the rights of postgres", "DROP VIEW zz CASCADE"),
    ("CREATE MATERIALIZED VIEW zz AS SELECT id FROM audit_logs; GRANT SELECT ON zz TO opsnb_viewer",
     "opsnb_viewer may SELECT public.zz, a view with the rights of postgres", "DROP MATERIALIZED VIEW zz"),
    ("CREATE FUNCTION zz() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.audit_logs'",
     "PUBLIC may EXECUTE zz(), which runs with the rights of postgres: REVOKE EXECUTE ON FUNCTION zz() FROM PUBLIC",
     "DROP FUNCTION zz"),
    ("CREATE FUNCTION zz() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION zz FROM"
     " PUBLIC; GRANT EXECUTE ON FUNCTION zz TO mona; ALTER FUNCTION zz OWNER TO team_owner",
     "mona may EXECUTE zz(), which runs with the rights of team_owner", "DROP FUNCTION zz"),
    # Members and what else they are.
    ("REVOKE opsnb_viewer FROM opsnb_operator", "The role opsnb_operator is not a member of opsnb_viewer."),
    ("GRANT opsnb_operator TO vera WITH ADMIN OPTION; REVOKE ADMIN OPTION FOR opsnb_viewer FROM vera",
     "The login vera may make members of opsnb_operator (ADMIN OPTION).", "REVOKE opsnb_operator FROM vera"),
    ("CREATE ROLE team_dba SUPERUSER; GRANT team_dba TO vera", "The login vera is a member of the superuser team_dba:",
     "DROP ROLE team_dba"),
    ("CREATE ROLE team_dba BYPASSRLS; GRANT team_dba TO vera", "The login vera bypasses row security.",
     "DROP ROLE team_dba"),
    ("ALTER SCHEMA public OWNER TO vera", "The login vera owns the schema public or is a member",
     "ALTER SCHEMA public OWNER TO pg_database_owner"),
]  # fmt: skip


def test_each_difference_is_named_and_none_where_there_is_none(admin, gated, check):
    assert check() == []
    for change, told, *undo in CHANGES:
        admin.execute(change.replace("{database}", gated))
        try:
            found = check()
            assert any(difference.startswith(told) for difference in found), (change, found)
        finally:
            for statement in undo:
                admin.execute(statement.replace("{database}", gated))
        found = check() if undo else ["not undone"]
        if found:
            install(admin)
        assert not found or check() == [], f"after {change}"


def test_a_database_without_it_says_so_and_other_keys_are_a_difference(gate_server, gated, admin, check, monkeypatch):
    keys = Place(Settings(output_keys=("log",)), owner=OWNER)
    assert check(keys) == [
        "The function opsnb.retried differs from what opsnb grants prints with these settings. Apply the gate again."
    ]
    url = gate_server.url(gated)
    result = CliRunner().invoke(main, ["grants", "--check", "--database", url])
    assert (result.exit_code, "is as opsnb grants has it" in result.output) == (0, True)
    admin.execute("DROP SCHEMA opsnb CASCADE")
    result = CliRunner().invoke(main, ["grants", "--check", "--database", url])
    assert (result.exit_code, result.output) == (1, "There is no schema opsnb.\n")
    admin.execute("ALTER TABLE tenants RENAME TO places")
    assert check() == ["There is no schema opsnb.", "There is no table public.tenants."]


def test_sqlite_has_no_gate(sqlite):
    with pytest.raises(BadInput, match="the permissions of the file are the boundary"):
        differences(sqlite, Place(Settings()))


def test_roles_that_are_not_there_are_named(postgresql):
    assert differences(postgresql, Place(Settings()))[:2] == [
        "There is no role opsnb_viewer.",
        "There is no role opsnb_operator.",
    ]


def test_the_gate_stands_in_a_database_with_other_names(gate_server, open_database):
    """Tables of other names in two schemas: the names of the contract stand nowhere but in the settings."""
    url = gate_server.create("elsewhere")
    settings = Settings(schema=("ops",), tables={"operation_runs": "work.Runs", "audit_logs": "ops.trail"})
    plain = Database(url, Settings())
    schema.init(plain)
    plain.close()
    with enter(gate_server, "elsewhere", "postgres") as admin:
        admin.execute("CREATE SCHEMA ops; CREATE SCHEMA work; GRANT ALL ON SCHEMA ops, work TO team_owner")
        for table in ("workspaces", "tenants", "platform_users", "audit_logs"):
            admin.execute(f"ALTER TABLE {table} OWNER TO team_owner; ALTER TABLE {table} SET SCHEMA ops")
        admin.execute("ALTER TABLE operation_runs OWNER TO team_owner; ALTER TABLE operation_runs SET SCHEMA work")
        admin.execute('ALTER TABLE work.operation_runs RENAME TO "Runs"; ALTER TABLE ops.audit_logs RENAME TO trail')
        place = Place(settings, "ops", OWNER)
        admin.execute(script(place))
    assert differences(open_database(url, settings), place) == []
    gate_server.drop("elsewhere")


OUTSIDE = "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"  # what PostgreSQL gives whoever creates a role


@pytest.mark.parametrize(
    ("granted", "bound"),
    [
        (f"GRANT opsnb_operator TO dba {OUTSIDE}", False),
        (f"GRANT opsnb_operator TO dba {OUTSIDE}; GRANT opsnb_viewer TO dba WITH INHERIT FALSE, SET TRUE", True),
        ("GRANT opsnb_operator TO crew WITH INHERIT TRUE, SET FALSE; GRANT crew TO dba WITH INHERIT FALSE", True),
    ],
)
def test_whoever_may_only_give_the_groups_away_is_none_of_them(gate_server, gated, admin, check, granted, bound):
    admin.execute("CREATE ROLE dba LOGIN; CREATE ROLE crew; GRANT SELECT, UPDATE ON operation_runs TO dba")
    try:
        admin.execute(granted)
        with enter(gate_server, gated, "dba") as dba:
            found = dba.execute("SELECT count(*) FROM operation_runs").fetchone()
            changed = dba.execute("UPDATE operation_runs SET type = 'other' WHERE id = 1").rowcount
        assert (found, changed) == (((0,), 0) if bound else ((10,), 1))
        assert any(difference.startswith("dba may UPDATE") for difference in check()) == bound
    finally:
        admin.execute("DROP OWNED BY dba, crew; DROP ROLE dba, crew")


BESIDE = (
    "CREATE VIEW zz WITH (security_invoker) AS SELECT * FROM operation_runs; GRANT SELECT ON zz TO PUBLIC",
    "CREATE VIEW zz AS SELECT * FROM operation_runs; GRANT SELECT ON zz TO wanda",
    "CREATE FUNCTION zz() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION zz() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION zz OWNER TO wanda",
    "CREATE TRIGGER aa BEFORE UPDATE ON operation_runs FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE TRIGGER zz AFTER UPDATE ON operation_runs FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER DEFAULT PRIVILEGES FOR ROLE wanda GRANT SELECT ON TABLES TO PUBLIC",
    "CREATE POLICY zz ON operation_runs AS RESTRICTIVE USING (type <> 'secret')",
    "GRANT DELETE ON operation_runs TO wanda",
    "ALTER TABLE platform_users DROP CONSTRAINT platform_users_login_key;"
    "CREATE UNIQUE INDEX ON platform_users (login) WHERE login IS NOT NULL",
)


def test_what_touches_nothing_of_the_gate_is_no_difference(admin, check):
    for change in BESIDE:
        admin.execute(f"BEGIN; {change}; COMMIT")
        assert check() == [], change
        admin.execute("DROP FUNCTION IF EXISTS zz; DROP VIEW IF EXISTS zz; DROP TRIGGER IF EXISTS aa ON operation_runs")
        admin.execute("DROP TRIGGER IF EXISTS zz ON operation_runs; DROP POLICY IF EXISTS zz ON operation_runs")


def test_another_owner_than_the_named_one_is_a_difference(check):
    other = Place(Settings(), owner="wanda")
    assert "public.tenants belongs to team_owner: ALTER TABLE public.tenants OWNER TO wanda." in check(other)
    assert check(Place(Settings())) == []
