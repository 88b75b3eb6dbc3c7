"""A database with the gate in it, and people who come to it through logins of their own."""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from opsnb import schema
from opsnb.access import Capability
from opsnb.audit import Action
from opsnb.database import Database
from opsnb.grants import Place, script
from opsnb.settings import Settings
from support.postgres import PostgresServer

OWNER = "team_owner"
VIEWER, OPERATOR, OTHER, INACTIVE, DEMOTED, STRANGER, WORKER = (
    "vera", "mona", "olga", "ines", "dora", "nora", "wanda",
)  # fmt: skip
PERSON = {"vera": "Vera", "mona": "Mona", "olga": "Olga", "ines": "Ines", "dora": "Dora"}
TEMPLATE = "gate_template"
ALL = [*Capability]
# nora has the operator's role and is no platform user; dora's capabilities end at viewing.
CAPABILITIES = {"vera": ALL[:2], "mona": ALL, "olga": ALL, "ines": ALL, "dora": ALL[:2]}
WORK = "GRANT SELECT, INSERT, UPDATE ON operation_runs TO wanda; GRANT USAGE ON operation_runs_id_seq TO wanda"


@cache
def gate_sql(settings: Settings | None = None) -> str:
    return script(Place(settings or Settings(), owner=OWNER))


def staff(server: PostgresServer) -> None:
    """Make the logins once per server, and a template database that the gate stands in."""
    server.execute(f"CREATE ROLE {OWNER} LOGIN")
    url = server.create(TEMPLATE)
    server.execute(f"ALTER DATABASE {TEMPLATE} OWNER TO {OWNER}")
    for login in (VIEWER, OPERATOR, OTHER, INACTIVE, DEMOTED, STRANGER, WORKER):
        server.execute(f"CREATE ROLE {login} LOGIN")
    made = Database(url.replace("postgres@", f"{OWNER}@"), Settings())
    schema.init(made)
    made.close()
    with enter(server, TEMPLATE, "postgres") as admin:
        install(admin)
        admin.execute(WORK)
    server.execute(f"GRANT opsnb_viewer TO {VIEWER}")
    server.execute(f"GRANT opsnb_operator TO {', '.join((OPERATOR, OTHER, INACTIVE, DEMOTED, STRANGER))}")


def install(admin: psycopg.Connection[Any]) -> None:
    """Apply the gate as a superuser would."""
    admin.execute(gate_sql())


@contextlib.contextmanager
def enter(server: PostgresServer, database: str, login: str, **more: Any) -> Iterator[psycopg.Connection[Any]]:
    """Connect as a login does, with plain SQL and each statement a transaction of its own."""
    with psycopg.connect(host=str(server.folder), user=login, dbname=database, autocommit=True, **more) as connection:
        yield connection


def fill(admin: psycopg.Connection[Any]) -> None:
    """Fill a database with people and one run for each thing that might be tried."""
    admin.execute("INSERT INTO workspaces VALUES (1, 'Aurora'), (2, 'Borealis')")
    admin.execute("INSERT INTO tenants VALUES (1, 1, 'Tundra'), (2, 2, 'Taiga')")
    for number, (login, capabilities) in enumerate(CAPABILITIES.items(), 1):
        row = (number, PERSON[login], f"{login}@example.test", Jsonb(capabilities), login != INACTIVE, login)
        admin.execute("INSERT INTO platform_users VALUES (%s, %s, %s, %s, %s, %s)", row)
    mark = {"reason": "The disk was full.", "by": "Olga", "by_id": 3, "at": "2026-11-23T13:00:00+00:00"}
    inputs = {"site": "berlin", "n": 1.50, "nested": {"b": [1, None], "a": {}}}
    for run in (
        ("completed", "failed", {**inputs, "error": {"message": "x"}, "progress": 5}),
        ("completed", "succeeded", inputs),
        ("running", "pending", {**inputs, "worker": {"name": "w"}}),
        ("queued", "pending", inputs),
        ("completed", "failed", {**inputs, "triage": {"investigated": mark, "other": 1}}),
        ("completed", "failed", inputs),
        ("queued", "pending", {**inputs, "triage": {"retry_of_run_id": 6}}),
        ("completed", "failed", [1, 2]),
        ("completed", "partially_succeeded", inputs),
        ("completed", "blocked", inputs),
    ):
        status, outcome, context = run
        admin.execute(
            "INSERT INTO operation_runs (workspace_id, tenant_id, initiator_name, type, status, outcome, context,"
            " created_at) VALUES (1, 1, 'Ada', 'inventory.sync', %s, %s, %s, '2026-11-23 13:00Z')",
            (status, outcome, Jsonb(context)),
        )
    admin.execute(
        "INSERT INTO audit_logs (actor_id, actor_name, actor_email, action, resource_type, resource_id, status,"
        " metadata, recorded_at) VALUES (3, 'Olga', 'olga@example.test', %s, 'operation_run', 5, 'success', '{}',"
        " now())",
        (Action.MARK_INVESTIGATED,),
    )


def make(server: PostgresServer, name: str) -> str:
    """Make a database with the gate, people and runs."""
    server.create(name, TEMPLATE)
    # Owner and rights of the database itself are not copied along with it.
    server.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}")
    server.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    server.execute(f"GRANT CONNECT ON DATABASE {name} TO opsnb_viewer")
    with enter(server, name, "postgres") as admin:
        fill(admin)
    return name


KEPT = """
SELECT coalesce(string_agg(kept, E'\\n' ORDER BY kept), '') FROM (
  SELECT 'run ' || to_jsonb(t)::text AS kept FROM public.operation_runs t
  UNION ALL SELECT 'audit ' || to_jsonb(t)::text FROM public.audit_logs t
  UNION ALL SELECT 'user ' || to_jsonb(t)::text FROM public.platform_users t
  UNION ALL SELECT 'workspace ' || to_jsonb(t)::text FROM public.workspaces t
  UNION ALL SELECT 'tenant ' || to_jsonb(t)::text FROM public.tenants t
  UNION ALL SELECT 'relation ' || relname || coalesce(relacl::text, '') || relrowsecurity || relowner FROM pg_class
    WHERE relnamespace::regnamespace::text IN ('public', 'opsnb')
  UNION ALL SELECT 'trigger ' || tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'policy ' || polname || polrelid FROM pg_policy
  UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class::regclass::text !~ 'pg_|information'
  UNION ALL SELECT 'function ' || proname || md5(prosrc) || coalesce(proacl::text, '') FROM pg_proc
    WHERE pronamespace::regnamespace::text IN ('public', 'opsnb')
  UNION ALL SELECT 'schema ' || nspname || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname !~ '^pg_'
  UNION ALL SELECT 'column ' || attrelid || attname || attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
  UNION ALL SELECT 'role ' || rolname || rolsuper || coalesce(rolconfig::text, '') FROM pg_roles
  UNION ALL SELECT 'member ' || roleid || ' ' || member FROM pg_auth_members
  UNION ALL SELECT 'setting ' || setrole || setdatabase || setconfig::text FROM pg_db_role_setting
  UNION ALL SELECT 'extension ' || extname FROM pg_extension
  UNION ALL SELECT 'event ' || evtname FROM pg_event_trigger
  UNION ALL SELECT 'cast ' || oid FROM pg_cast WHERE oid >= 16384
) AS everything
"""


def kept(admin: psycopg.Connection[Any]) -> str:
    """Read all that an attempt could have changed: rows, rights, code and settings."""
    return str(admin.execute(KEPT).fetchone()[0])  # type: ignore[index]
