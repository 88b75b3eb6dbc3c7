"""What somebody might try by plain SQL through a login of their own, and how the server answers."""

from typing import NamedTuple

from support.gate import DEMOTED, INACTIVE, OPERATOR, STRANGER, VIEWER

DENIED, REFUSED, NO_COPY, NO_OBJECT = "42501", "23514", "0A000", "42704"


class Try(NamedTuple):
    """One attempt: statements in one session, of which the last is answered with `state`, or with nothing if None."""

    who: str
    state: str | None
    statements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.who}: {'; '.join(self.statements)}"


INPUTS = "(context - ARRAY['triage', 'error', 'exception', 'failure', 'progress', 'result', 'worker'])"


def retry(source: int = 1, returning: str = "", where: str = "", **columns: str) -> str:
    """Write a faithful retry, but for the columns named."""
    parent = f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": {source}}}}}'"""
    values = {
        "workspace_id": "workspace_id", "tenant_id": "tenant_id", "initiator_name": "'Mona'", "type": "type",
        "status": "'queued'", "outcome": "'pending'", "context": parent, "created_at": "now()",
    } | columns  # fmt: skip
    return (f"INSERT INTO operation_runs ({', '.join(values)}) SELECT {', '.join(values.values())}"
            f" FROM operation_runs WHERE id = {source}{where}{returning}")  # fmt: skip


def cancel(run: int = 3, status: str = "completed", outcome: str = "failed", context: str = "context") -> str:
    return (f"UPDATE operation_runs SET status = '{status}', outcome = '{outcome}', completed_at = now(),"
            f" context = {context} WHERE id = {run}")  # fmt: skip


def mark(run: int = 1, investigated: str = '{"reason": "Looked into it."}', **more: str) -> str:
    context = f"""context || jsonb_build_object('triage', coalesce(context -> 'triage', '{{}}') ||
        jsonb_build_object('investigated', '{investigated}'::jsonb))"""
    values = {"context": context} | more
    return f"UPDATE operation_runs SET {', '.join(f'{k} = {v}' for k, v in values.items())} WHERE id = {run}"


def put(path: str, value: str, run: int = 1) -> str:
    changed = f"jsonb_set(context, '{path}', '{value}')"
    return f"UPDATE operation_runs SET context = {changed} WHERE id = {run}"


TABLES = ("operation_runs", "audit_logs", "platform_users", "workspaces", "tenants")
AUDIT_ROW = ("INSERT INTO audit_logs (actor_id, actor_name, action, resource_type, resource_id, status, metadata,"
             " recorded_at) VALUES (3, 'Olga', 'platform.system_console.retry', 'operation_run', 1, 'success', '{}',"
             " '2020-01-01')")  # fmt: skip
REFUSE = "SELECT opsnb.record_refusal({})"
RETRY, CANCEL = "'platform.system_console.retry'", "'platform.system_console.cancel'"
ELEVATE = """UPDATE platform_users SET capabilities = '["platform.operations.manage"]' WHERE login = session_user"""

# What no login of the groups may do, whoever it is.
BY_ANYBODY = (
    *(f"DELETE FROM {table}" for table in TABLES),
    *(f"TRUNCATE {table}" for table in TABLES),
    *(f"DROP TABLE {table} CASCADE" for table in TABLES),
    *(f"ALTER TABLE {table} OWNER TO session_user" for table in TABLES),
    *(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in TABLES),
    *(f"COPY {table} FROM PROGRAM 'true'" for table in TABLES[:1]),
    *(f"GRANT ALL ON {table} TO PUBLIC" for table in TABLES),
    AUDIT_ROW,
    "UPDATE audit_logs SET actor_id = 2, actor_name = 'Mona'",
    "UPDATE audit_logs SET recorded_at = '2020-01-01'",
    "UPDATE audit_logs SET metadata = '{}'",
    "SELECT * FROM audit_logs FOR UPDATE",
    "DO $$ BEGIN LOCK TABLE audit_logs IN ACCESS EXCLUSIVE MODE; END $$",
    ELEVATE,
    "UPDATE platform_users SET is_active = true",
    "UPDATE platform_users SET login = session_user WHERE id = 3",
    "INSERT INTO platform_users VALUES (99, 'X', 'x@example.test', '[]', true, 'x')",
    "UPDATE workspaces SET name = 'x'",
    "INSERT INTO workspaces VALUES (9, 'x')",
    "UPDATE tenants SET workspace_id = 2",
    "INSERT INTO tenants VALUES (9, 1, 'x')",
    "UPDATE operation_runs SET created_at = '2020-01-01'",
    "UPDATE operation_runs SET started_at = now()",
    "UPDATE operation_runs SET id = 99 WHERE id = 2",
    "UPDATE operation_runs SET workspace_id = 2",
    "UPDATE operation_runs SET tenant_id = NULL",
    "UPDATE operation_runs SET type = 'archive.purge'",
    "UPDATE operation_runs SET initiator_name = 'Olga'",
    "INSERT INTO operation_runs SELECT * FROM operation_runs",
    "INSERT INTO operation_runs (id, workspace_id, type, status, outcome, context, created_at)"
    " VALUES (99, 1, 'x', 'queued', 'pending', '{}', now())",
    "SELECT setval('operation_runs_id_seq', 1)",
    "SELECT nextval('audit_logs_id_seq')",
    "SELECT setval('audit_logs_id_seq', 1)",
    "ALTER SEQUENCE operation_runs_id_seq RESTART",
    "COPY operation_runs FROM STDIN",
    "COPY audit_logs (action) FROM STDIN",
    "COPY operation_runs TO '/tmp/opsnb-redteam'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "ALTER TABLE operation_runs DISABLE TRIGGER opsnb_guard",
    "ALTER TABLE operation_runs DISABLE TRIGGER ALL",
    "ALTER TABLE operation_runs NO FORCE ROW LEVEL SECURITY",
    "DROP TRIGGER opsnb_guard ON operation_runs",
    "DROP TRIGGER opsnb_audit ON operation_runs",
    "CREATE TRIGGER zz BEFORE UPDATE ON operation_runs EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TRIGGER opsnb_guard ON operation_runs RENAME TO zz",
    "DROP POLICY opsnb_active ON operation_runs",
    "CREATE POLICY zz ON operation_runs USING (true)",
    "ALTER POLICY opsnb_active ON operation_runs USING (true)",
    "CREATE RULE zz AS ON UPDATE TO operation_runs DO INSTEAD NOTHING",
    "CREATE INDEX zz ON operation_runs (type)",
    "ALTER TABLE operation_runs ADD COLUMN zz int",
    "CREATE TABLE public.zz (id int)",
    "CREATE VIEW public.zz AS SELECT * FROM operation_runs",
    "CREATE MATERIALIZED VIEW public.zz AS SELECT 1",
    "CREATE FUNCTION public.zz() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION opsnb.bound() RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    "CREATE OR REPLACE FUNCTION opsnb.bound() RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    "ALTER FUNCTION opsnb.guard_run() SECURITY INVOKER",
    "ALTER FUNCTION opsnb.guard_run() SET search_path = pg_temp",
    "ALTER FUNCTION opsnb.guard_run() OWNER TO session_user",
    "DROP FUNCTION opsnb.guard_run() CASCADE",
    "CREATE TABLE opsnb.platform_users (id int)",
    "DROP SCHEMA opsnb CASCADE",
    "ALTER SCHEMA opsnb RENAME TO zz",
    "CREATE SCHEMA zz",
    "CREATE EXTENSION plpgsql_check",
    "CREATE TYPE public.zz AS (id int)",
    "CREATE DOMAIN public.zz AS text",
    "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = name, FUNCTION = textne)",
    "CREATE CAST (name AS text) WITH INOUT AS IMPLICIT",
    "CREATE EVENT TRIGGER zz ON ddl_command_start EXECUTE FUNCTION opsnb.guard_run()",
    "CREATE PUBLICATION zz FOR TABLE operation_runs",
    "CREATE TEMP TABLE platform_users (id bigint, name text, login text, is_active boolean, capabilities jsonb)",
    "CREATE TEMP TABLE operation_runs AS SELECT 1",
    "CREATE TEMP VIEW audit_logs AS SELECT 1",
    "CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2020-01-01'''",
    "SET ROLE team_owner",
    "SET ROLE postgres",
    "SET ROLE wanda",
    "SET LOCAL ROLE team_owner",
    "SET SESSION AUTHORIZATION olga",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "ALTER ROLE session_user SUPERUSER",
    "ALTER ROLE session_user BYPASSRLS",
    "ALTER ROLE team_owner LOGIN PASSWORD 'x'",
    "CREATE ROLE zz LOGIN",
    "GRANT team_owner TO session_user",
    "GRANT opsnb_operator TO session_user",
    "GRANT pg_write_all_data TO session_user",
    "REVOKE opsnb_viewer FROM olga",
    "ALTER DATABASE gate_template SET search_path = pg_temp",
    "ALTER SYSTEM SET row_security = off",
    "SELECT opsnb.write_audit((SELECT r FROM operation_runs r LIMIT 1), 'x', 'success', '{}', now())",
    "SELECT opsnb.acting_user()",
    "SELECT opsnb.marked(NULL, NULL, 'cancel', '{}')",
    "SELECT opsnb.stamp(NULL, now())",
    "SELECT opsnb.guard_run()",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/opsnb-redteam')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()",
    "SELECT rolpassword FROM pg_authid",
    "SECURITY LABEL ON TABLE operation_runs IS 'x'",
    "COMMENT ON TABLE operation_runs IS 'x'",
    "REFRESH MATERIALIZED VIEW operation_runs",
    "MERGE INTO audit_logs a USING operation_runs r ON a.resource_id = r.id WHEN MATCHED THEN DELETE",
    "SELECT set_config('role', 'team_owner', false)",
    "SELECT set_config('session_authorization', 'olga', false)",
    "CLUSTER operation_runs USING operation_runs_pkey",
    "REINDEX TABLE operation_runs",
    "ALTER ROLE session_user SET session_replication_role = replica",
    "ALTER TABLE operation_runs ALTER context SET DEFAULT '{}'",
    "ALTER INDEX ux_runs_live_retry RENAME TO zz",
    "DROP INDEX ux_runs_live_retry",
    "CREATE STATISTICS zz ON id, type FROM operation_runs",
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()",
    "ALTER DEFAULT PRIVILEGES FOR ROLE team_owner GRANT ALL ON TABLES TO PUBLIC",
    "REASSIGN OWNED BY team_owner TO session_user",
    "DROP OWNED BY team_owner",
    REFUSE.format(f"1, {RETRY}, 'denied', 'x', 3"),
)  # fmt: skip
# PostgreSQL says these another way than "permission denied".
OTHERWISE = {
    REFUSE.format(f"1, {RETRY}, 'denied', 'x', 3"): "42883",
}

# What a viewer may not do and an operator may.
BY_VIEWERS = (
    retry(),
    cancel(),
    mark(),
    "SELECT * FROM operation_runs FOR UPDATE",
    "UPDATE operation_runs SET status = status",
    "SELECT nextval('operation_runs_id_seq')",
    "SET ROLE opsnb_operator",
)

# What an operator has the columns for, and the guard does not let pass.
BY_OPERATORS = (
    *(retry(**columns) for columns in (
        {"workspace_id": "2"}, {"tenant_id": "2"}, {"tenant_id": "NULL"}, {"initiator_name": "'Olga'"},
        {"initiator_name": "NULL"}, {"initiator_name": "'mona'"}, {"type": "'archive.purge'"}, {"status": "'running'"},
        {"status": "'completed'"}, {"outcome": "'succeeded'"}, {"outcome": "'failed'"}, {"context": "context"},
        {"context": "'{}'"}, {"context": """'{"triage": {"retry_of_run_id": 1}}'"""},
        {"context": """context || '{"triage": {"retry_of_run_id": 1}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 1}}, "sudo": true}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 1}}, "n": 1.50}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 1.0}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": "1"}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 99}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 1e30}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 9223372036854775808}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": -1}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": null}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": [1]}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 2}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 1, "investigated": {{}}}}}}'"""},
        {"context": f"""{INPUTS} || '{{"triage": {{"retry_of_run_id": 1, "cancel": {{"by": "Olga"}}}}}}'"""},
        {"context": "'[]'"}, {"context": "'null'"},
    )),
    *(retry(source) for source in (2, 3, 4, 6, 7, 8, 9, 10)),
    "INSERT INTO operation_runs (workspace_id, type, status, outcome, context, created_at)"
    " VALUES (1, 'inventory.sync', 'queued', 'pending', '{}', now())",
    "INSERT INTO operation_runs (workspace_id, type, status, outcome, context, created_at)"
    " VALUES (1, 'inventory.sync', 'completed', 'failed', '{}', now())",
    *(cancel(run) for run in (2, 9, 10)),
    *(cancel(3, *state) for state in (
        ("completed", "succeeded"), ("completed", "pending"), ("completed", "blocked"), ("queued", "failed"),
        ("queued", "pending"), ("running", "failed"), ("canceled", "failed"), ("completed", "canceled"), ("", ""),
    )),
    *(cancel(4, *state) for state in (("running", "pending"), ("completed", "succeeded"), ("queued", "succeeded"))),
    *(cancel(run, *state) for run, state in (
        (2, ("queued", "pending")), (1, ("queued", "pending")), (1, ("running", "pending")),
        (1, ("completed", "succeeded")), (2, ("completed", "failed")), (9, ("completed", "succeeded")),
    )),
    cancel(context="""context || '{"site": "paris"}'"""),
    cancel(context="context - 'worker'"),
    cancel(context="'{}'"),
    cancel(context="'[]'"),
    cancel(context="""context || '{"triage": {"investigated": {"reason": "As it were."}}}'"""),
    cancel(context="""context || '{"triage": {"retry_of_run_id": 1}}'"""),
    cancel(context="""context || '{"n": 1.50}'"""),
    cancel(context="""context || '{"triage": 5}'"""),
    "UPDATE operation_runs SET status = status",
    "UPDATE operation_runs SET status = NULL WHERE id = 3",
    "UPDATE operation_runs SET status = 'completed' WHERE id = 3",
    "UPDATE operation_runs SET outcome = 'succeeded' WHERE id = 1",
    "UPDATE operation_runs SET completed_at = now() WHERE id = 1",
    "UPDATE operation_runs SET completed_at = NULL",
    "UPDATE operation_runs SET context = '{}'",
    "UPDATE operation_runs SET context = context || '{\"site\": \"paris\"}' WHERE id = 1",
    "UPDATE operation_runs SET context = NULL WHERE id = 1",
    *(mark(investigated=json) for json in (
        '{}', '{"reason": ""}', '{"reason": "four"}', '{"reason": "     "}', '{"reason": " Looked into it."}',
        '{"reason": "Looked into it. "}', '{"reason": "Looked into it.\\n"}', '{"reason": 12345}', '{"reason": null}',
        '{"reason": ["Looked into it."]}', '"Looked into it."', '[]', 'null', '{"by": "Mona"}',
        '{"reason": "\\u200b\\u200b\\u200b\\u200b\\u200b"}', '{"reason": "\\u2800\\u2800\\u2800\\u2800\\u2800"}',
        '{"reason": "\\u00a0Looked into it."}', '{"reason": "Looked into it.\\u3000"}',
        '{"reason": "' + "x" * 501 + '"}',
    )),
    mark(5),
    mark(5, '{"reason": "The disk was full.", "by": "Mona", "by_id": 2}'),
    mark(8),
    mark(1, completed_at="now()"),
    mark(1, status="'queued'", outcome="'pending'"),
    mark(3, status="'completed'", outcome="'failed'"),
    put("{triage}", '{"investigated": {"reason": "Mine, not hers."}, "other": 1}', 5),
    put("{triage,investigated,by}", '"Mona"', 5),
    put("{triage,investigated,reason}", '"Something else."', 5),
    put("{triage}", '{"other": 1}', 5),
    put("{triage}", "{}", 5),
    put("{triage}", '{"cancel": {"by": "Olga"}}'),
    put("{triage}", '{"retry_of_run_id": 2}'),
    put("{triage}", '{"investigated": {"reason": "Looked into it."}, "more": 1}'),
    put("{triage}", '{"investigated": {"reason": "Looked into it."}, "retry_of_run_id": 2}'),
    put("{triage,retry_of_run_id}", "1", 7),
    put("{triage}", "{}", 7),
    "UPDATE operation_runs SET context = context - 'triage' WHERE id = 5",
    "UPDATE operation_runs SET context = context #- '{triage,investigated}' WHERE id = 5",
    REFUSE.format(f"1, {RETRY}, 'success', 'Done.'"),
    REFUSE.format(f"1, {RETRY}, NULL, 'Done.'"),
    REFUSE.format(f"1, {RETRY}, 'granted', 'Done.'"),
    REFUSE.format("1, 'platform.users.delete', 'denied', 'Done.'"),
    REFUSE.format("1, NULL, 'denied', 'Done.'"),
    REFUSE.format(f"1, {CANCEL}, 'refused', ''"),
    REFUSE.format(f"1, {CANCEL}, 'refused', NULL"),
    REFUSE.format(f"1, {CANCEL}, 'refused', repeat('x', 2001)"),
)  # fmt: skip
FREE = """1, 1, 'Mona', 'inventory.sync', 'queued', 'pending', '{"triage": {"retry_of_run_id": 6}}', now()"""
CHANGES = "workspace_id, tenant_id, initiator_name, type, status, outcome, context, created_at"

# Tricks that take more than one statement, or an operator's rights; the last statement is the one that fails.
IN_STEPS = (
    (REFUSED, ("BEGIN ISOLATION LEVEL REPEATABLE READ", retry())),
    (REFUSED, ("BEGIN ISOLATION LEVEL SERIALIZABLE", cancel())),
    (REFUSED, ("BEGIN", retry(), retry())),
    (REFUSED, ("BEGIN", mark(), mark())),
    (REFUSED, ("BEGIN", cancel(), cancel())),
    (REFUSED, ("BEGIN", cancel(), cancel(3, "running", "pending"))),
    (REFUSED, ("BEGIN", retry(), "SAVEPOINT s", retry(context="context"))),
    (REFUSED, (retry(where="").replace("FROM operation_runs", "FROM generate_series(1, 2), operation_runs"),)),
    (REFUSED, (f"WITH first AS ({retry(returning=' RETURNING id')}) {retry(returning=' RETURNING id')}",)),
    (REFUSED, (f"INSERT INTO operation_runs ({CHANGES}) VALUES ({FREE}) ON CONFLICT DO NOTHING",)),
    (REFUSED, ("PREPARE p AS " + cancel(2), "EXECUTE p")),
    (REFUSED, ("DO $$ BEGIN UPDATE operation_runs SET outcome = 'succeeded' WHERE id = 1; END $$",)),
    (REFUSED, ("SET search_path = pg_temp, public", cancel(2))),
    (REFUSED, ("SET ROLE opsnb_viewer", "RESET ROLE", cancel(2))),
    (REFUSED, ("SET standard_conforming_strings = off", mark(investigated='{"reason": "     "}'))),
    (REFUSED, ("SET standard_conforming_strings = off", mark(investigated='{"reason": " Looked"}'))),
    (REFUSED, ("SET transform_null_equals = on", retry(tenant_id="NULL"))),
    (REFUSED, ("SET plpgsql.extra_errors = 'none'", cancel(2))),
    (REFUSED, ("SET application_name = 'team_owner'", cancel(2))),
    (REFUSED, ("SET check_function_bodies = off", retry(2))),
    (DENIED, ("SET ROLE opsnb_operator", AUDIT_ROW)),
    (DENIED, ("SET ROLE opsnb_operator", "SET SESSION AUTHORIZATION olga")),
    (DENIED, ("SET row_security = off", "SELECT * FROM operation_runs")),
    (DENIED, ("SET row_security = off", "SELECT * FROM platform_users")),
    (DENIED, ("SET search_path = pg_temp, public", "CREATE TEMP TABLE pg_roles (rolname name, rolsuper boolean)")),
    (DENIED, ("MERGE INTO operation_runs r USING (SELECT 1) s ON r.id = 3 WHEN MATCHED THEN DELETE",)),
    (REFUSED, ("MERGE INTO operation_runs r USING (SELECT 1) s ON r.id = 3"
               " WHEN MATCHED THEN UPDATE SET outcome = 'succeeded'",)),
    (NO_COPY, ("COPY operation_runs (workspace_id, type, status, outcome, context, created_at) FROM STDIN",)),
)  # fmt: skip
# What PostgreSQL lets every login do; it changes nothing of what is kept.
HARMLESS = (
    "NOTIFY opsnb_runs, 'forged'",
    "LISTEN opsnb_runs",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT nextval('operation_runs_id_seq') WHERE false",
    "UPDATE operation_runs SET outcome = 'succeeded' WHERE false",
    "SELECT set_config('search_path', 'pg_temp', false)",
    "SET default_transaction_isolation = 'serializable'",
    "SELECT opsnb.bound(), opsnb.reads()",
    "SELECT opsnb.record_refusal(99, 'platform.system_console.retry', 'denied', 'There is no such run.')",
    "COPY operation_runs (id, status) TO STDOUT",
    "SELECT pg_advisory_lock(1)",
)

ATTEMPTS = [
    *(Try(who, OTHERWISE.get(sql, DENIED), (sql,)) for who in (VIEWER, OPERATOR) for sql in BY_ANYBODY),
    *(Try(VIEWER, DENIED, (sql,)) for sql in BY_VIEWERS),
    *(Try(OPERATOR, REFUSED, (sql,)) for sql in BY_OPERATORS),
    *(Try(OPERATOR, state, statements) for state, statements in IN_STEPS),
    # Capabilities that end at viewing: every act that an operator might do, by somebody with the operator's role.
    *(Try(DEMOTED, DENIED, (sql,)) for sql in (retry(), retry(initiator_name="'Dora'"), cancel(), cancel(4), mark(),
                                               *BY_ANYBODY[:10], AUDIT_ROW, ELEVATE)),
    # Neither of these sees a run, so that nothing is there to be changed.
    *(Try(who, state, (sql,)) for who in (INACTIVE, STRANGER) for state, sql in (
        (DENIED, "INSERT INTO operation_runs (workspace_id, type, status, outcome, context, created_at) VALUES"
                 " (1, 'inventory.sync', 'queued', 'pending', '{\"triage\": {\"retry_of_run_id\": 1}}', now())"),
        (DENIED, AUDIT_ROW), (DENIED, ELEVATE), (DENIED, "UPDATE platform_users SET is_active = true"),
        (DENIED, "DELETE FROM operation_runs"), (DENIED, "TRUNCATE audit_logs"), (DENIED, "SET ROLE team_owner"),
        (DENIED, "ALTER TABLE operation_runs DISABLE ROW LEVEL SECURITY"), (DENIED, "CREATE TEMP TABLE t (id int)"),
        (None, retry()), (None, cancel()), (None, mark()), (None, "UPDATE operation_runs SET status = 'completed'"),
    )),
    # What is hidden must not come out in the words of an error either.
    *(Try(INACTIVE, None, (f"SELECT FROM operation_runs WHERE {leak}",)) for leak in (
        "CAST(context ->> 'site' AS int) > 0", "CAST(type AS int) > 0", "1 / (id - id) = 1",
    )),
    *(Try(INACTIVE, DENIED, ("SET row_security = off", f"SELECT * FROM {table}")) for table in TABLES),
    *(Try(OPERATOR, None, (sql,)) for sql in HARMLESS),
]  # fmt: skip
