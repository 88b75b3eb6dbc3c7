"""What the gate requires of the five tables: the printed SQL refuses to apply without it, `--check` reports it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from opsnb import gate
from opsnb.database import Database
from opsnb.grants.rules import ACTIVE, TABLES, Place, literals

# One query for both, which gives a sentence for each violation. Its placeholders are expressions: an array of the oids
# of the tables, and the oids of three of them. Partitions are fine: row triggers are cloned to them, and a statement on
# the parent asks for the rights and the row security of the parent alone.
_QUERY = """
WITH named AS (
  SELECT c.*, concat_ws('.', quote_ident(nspname), quote_ident(relname)) AS name
  FROM pg_catalog.pg_class c JOIN (SELECT oid AS space, nspname FROM pg_catalog.pg_namespace) n ON space = relnamespace
), gated AS (
  SELECT * FROM named WHERE oid = ANY ({tables})
), login AS (
  SELECT attrelid, attnum, attcollation FROM pg_catalog.pg_attribute WHERE attrelid = {users} AND attname = 'login'
)
SELECT name || ' is not a table, and the gate can guard nothing else.' FROM gated WHERE relkind NOT IN ('r', 'p')
UNION ALL
SELECT name || ' is partitioned, and the gate would not notice what changes in one partition: make it one table.'
FROM gated WHERE oid = {users} AND relkind = 'p'
UNION ALL
SELECT format(CASE
  WHEN parent.oid = ANY ({tables}) THEN '%1$s inherits from %2$s, and neither guard nor audit holds for its rows: '
    'ALTER TABLE %1$s NO INHERIT %2$s, or make it a partition.'
  WHEN child.relispartition THEN '%1$s is a partition of %2$s, through which its rules can be passed: '
    'name %2$s in the settings, or detach it.'
  ELSE '%1$s inherits from %2$s, through which its rules can be passed: ALTER TABLE %1$s NO INHERIT %2$s.'
  END, child.name, parent.name)
FROM pg_catalog.pg_inherits JOIN named child ON child.oid = inhrelid JOIN named parent ON parent.oid = inhparent
WHERE inhrelid = ANY ({tables}) OR inhparent = ANY ({tables}) AND NOT child.relispartition
UNION ALL
SELECT format('The guard needs %s.context to be jsonb, and %s.login, text, null, unique.', runs.name, users.name)
FROM gated runs, gated users WHERE runs.oid = {runs} AND users.oid = {users} AND 2 > (
  SELECT count(*) FROM pg_catalog.pg_attribute WHERE NOT attisdropped AND (
    (attrelid, attname, atttypid) = (runs.oid, 'context', 'jsonb'::regtype)
    OR (attrelid, attname) = (users.oid, 'login')))
UNION ALL
SELECT format('%1$s.login is not unique, so that a login could be two people: '
              'CREATE UNIQUE INDEX ON %1$s (login).', name)
FROM gated JOIN login ON attrelid = oid WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_index WHERE indrelid = oid AND indisunique AND indisvalid AND indimmediate
    AND indnkeyatts = 1 AND indkey[0] = attnum
    AND coalesce(pg_get_expr(indpred, indrelid), '(login IS NOT NULL)') = '(login IS NOT NULL)')
UNION ALL
SELECT format('%1$s.login has a collation that takes different logins for one: DROP POLICY {policy} ON %1$s, '
              'DROP TRIGGER {trigger} ON %1$s, ALTER TABLE %1$s ALTER login TYPE text COLLATE "C", '
              'and apply the gate again.', name)
FROM gated JOIN login ON attrelid = gated.oid JOIN pg_catalog.pg_collation c ON c.oid = attcollation
WHERE NOT collisdeterministic
UNION ALL
SELECT name || ' is filled by a subscription, which fires no statement trigger: plans prepared before would '
  'keep the rights of people who are gone. Fill it by statements.'
FROM gated WHERE oid = {users} AND EXISTS (SELECT FROM pg_catalog.pg_subscription_rel WHERE srrelid = oid)
UNION ALL
SELECT format('Row security is forced on the owner of %1$s, and so on the functions of the gate: '
              'ALTER TABLE %1$s NO FORCE ROW LEVEL SECURITY.', name)
FROM gated WHERE relforcerowsecurity
UNION ALL
SELECT format('%1$s is unlogged, and empty after a crash: ALTER TABLE %1$s SET LOGGED.', name)
FROM gated WHERE oid = {audit} AND relpersistence = 'u'
"""
# What stands in the way of changing the type of platform_users.login.
_OBSTACLES = {"policy": ACTIVE, "trigger": gate.USERS}


def requirements_sql(place: Place) -> str:
    """Write the query with the names of the tables in it."""
    names = {table: literals([place.name(table)]) for table in TABLES}
    tables = ", ".join(f"{name}::regclass" for name in names.values())
    return _QUERY.format(
        tables=f"ARRAY[{tables}]::oid[]",
        runs=f"{names['operation_runs']}::regclass",
        users=f"{names['platform_users']}::regclass",
        audit=f"{names['audit_logs']}::regclass",
        **_OBSTACLES,
    )


def unmet(database: Database, place: Place) -> Iterator[str]:
    """Name each requirement that the tables do not meet."""
    # Bound, not written into the statement: names in its text would be taken for the contract's.
    query = _QUERY.format(
        tables="CAST(CAST(CAST(:tables AS text[]) AS regclass[]) AS oid[])",
        runs="CAST(CAST(:runs AS text) AS regclass)",
        users="CAST(CAST(:users AS text) AS regclass)",
        audit="CAST(CAST(:audit AS text) AS regclass)",
        **_OBSTACLES,
    )
    names = {table: place.name(table) for table in TABLES}
    given = {
        "tables": [*names.values()],
        "runs": names["operation_runs"],
        "users": names["platform_users"],
        "audit": names["audit_logs"],
    }
    yield from (row[0] for row in database.fetch(text(query), given))
