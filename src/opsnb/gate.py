"""Names of the gate: what `opsnb grants` puts into a PostgreSQL database, and how a session finds out about it."""

from __future__ import annotations

SCHEMA = "opsnb"
VIEWER, OPERATOR = "opsnb_viewer", "opsnb_operator"
GUARD, AUDIT, USERS, DDL = "opsnb_guard", "opsnb_audit", "opsnb_users", "opsnb_ddl"
REFUSE = f"{SCHEMA}.record_refusal"
REFUSE_DDL = f"{SCHEMA}.refuse_ddl"

# Who is in the groups, through any number of others. Whoever created a role may give it away since PostgreSQL 16, by a
# membership that neither inherits nor lets SET ROLE: that alone makes nobody one of them.
MEMBERS = f"""WITH RECURSIVE member AS (
      SELECT oid FROM pg_catalog.pg_roles WHERE rolname IN ('{VIEWER}', '{OPERATOR}')
      UNION SELECT m.member FROM pg_catalog.pg_auth_members m JOIN member ON m.roleid = member.oid
      WHERE NOT pg_catalog.to_jsonb(m) @> '{{"inherit_option": false, "set_option": false}}')"""

# Those, and every role whose rights one of them has or can take on: a login may be a member of more than these groups.
REACH = f"""{MEMBERS}, reach AS (
      SELECT oid FROM member
      UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN reach ON m.member = reach.oid)"""

# Whose session the gate holds to its rules. By session_user, which no SET ROLE changes, and by the role of SET ROLE,
# which outlives a membership that is taken back; {runs} is the table's oid.
BOUND = f"""EXISTS (
    {MEMBERS.replace("{", "{{").replace("}", "}}")}
    SELECT FROM member JOIN pg_catalog.pg_roles me ON me.oid = member.oid, pg_catalog.pg_class runs
    WHERE me.rolname IN (session_user, pg_catalog.current_setting('role')) AND NOT me.rolsuper
      AND runs.oid = {{runs}} AND runs.relowner <> me.oid)"""

# What an operator's statements write: the columns of a retry, and those that cancel or mark.
RETRY_COLUMNS = (
    "workspace_id", "tenant_id", "initiator_name", "type", "status", "outcome", "context", "created_at",
)  # fmt: skip
CHANGED_COLUMNS = ("status", "outcome", "completed_at", "context")
