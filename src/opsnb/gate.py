"""Names of the gate: what `opsnb grants` puts into a PostgreSQL database, and how a session finds out about it."""

from __future__ import annotations

SCHEMA = "opsnb"
VIEWER, OPERATOR = "opsnb_viewer", "opsnb_operator"
GUARD, AUDIT, USERS = "opsnb_guard", "opsnb_audit", "opsnb_users"
REFUSE = f"{SCHEMA}.record_refusal"

# Whose session the gate holds to its rules. By session_user, which no SET ROLE changes, and by membership, whether or
# not it is inherited; {runs} is the table's oid.
BOUND = f"""EXISTS (
    SELECT FROM pg_catalog.pg_roles me, pg_catalog.pg_roles team, pg_catalog.pg_class runs
    WHERE me.rolname = session_user AND NOT me.rolsuper AND team.rolname = '{VIEWER}'
      AND pg_catalog.pg_has_role(me.oid, team.oid, 'MEMBER') AND runs.oid = {{runs}} AND runs.relowner <> me.oid)"""

# What an operator's statements write: the columns of a retry, and those that cancel or mark.
RETRY_COLUMNS = (
    "workspace_id", "tenant_id", "initiator_name", "type", "status", "outcome", "context", "created_at",
)  # fmt: skip
CHANGED_COLUMNS = ("status", "outcome", "completed_at", "context")
