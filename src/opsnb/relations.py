"""Questions to a database about its own tables."""

from __future__ import annotations

# The tables behind a view have the indexes, and the columns that must have a value. :table is the database's own name,
# in double quotes.
BASES = """
    WITH RECURSIVE base (oid) AS (
        SELECT CAST(to_regclass(:table) AS oid)
        UNION
        SELECT behind.refobjid FROM base
        JOIN pg_rewrite AS rule ON rule.ev_class = base.oid
        JOIN pg_depend AS behind ON behind.objid = rule.oid AND behind.classid = CAST('pg_rewrite' AS regclass)
            AND behind.refclassid = CAST('pg_class' AS regclass) AND behind.deptype = 'n'
    )
"""
# The first two columns of each index over all rows of an SQLite table. A view has none.
SQLITE_INDEXES = """SELECT {columns} FROM pragma_index_list(:table) AS made
    JOIN pragma_index_xinfo(made.name) AS first ON first.seqno = 0 AND first.key AND first.name IS NOT NULL
    JOIN pragma_index_xinfo(made.name) AS second ON second.seqno = 1 AND second.key
    WHERE NOT made.partial"""
RETRY_INDEX = {
    "sqlite": """SELECT 1 FROM pragma_index_list(:table) AS made JOIN sqlite_master AS kept ON kept.name = made.name
        WHERE NOT made."unique" AND kept.sql LIKE '%retry_of_run_id%' LIMIT 1""",
    "postgresql": BASES
    + """SELECT 1 FROM base JOIN pg_index ON indrelid = base.oid
        WHERE indisvalid AND NOT indisunique AND pg_get_indexdef(indexrelid) LIKE '%retry_of_run_id%' LIMIT 1""",
}
# Of each index over all runs whose second column is the time: the first.
LEADING = {
    "sqlite": SQLITE_INDEXES.format(columns="first.name") + " AND second.name = 'created_at' AND first.coll = 'BINARY'",
    "postgresql": BASES
    + """SELECT pg_get_indexdef(indexrelid, 1, false) FROM base JOIN pg_index ON indrelid = base.oid
        WHERE indisvalid AND indpred IS NULL AND pg_get_indexdef(indexrelid, 2, false) = 'created_at'""",
}
# Whether an index has the order of the lists. One of a table behind a view need not serve the view.
ORDER_INDEX = (
    SQLITE_INDEXES.format(columns="1")
    + " AND first.name = 'created_at' AND second.name = 'id' AND first.desc = second.desc LIMIT 1"
)
# Whether a primary key on the number alone refuses at once each number that is taken. On SQLite one with a conflict
# clause overwrites or skips; on PostgreSQL a deferred one refuses at the end, and that of a table from which others
# inherit knows nothing of theirs.
NUMBER_KEY = {
    "sqlite": """SELECT 1 FROM sqlite_master AS made WHERE made.type = 'table' AND lower(made.name) = lower(:table)
        AND made.sql NOT LIKE '%conflict%'
        AND (SELECT group_concat(name) FROM pragma_table_info(:table) WHERE pk > 0) = 'id'""",
    "postgresql": """SELECT 1 FROM pg_constraint AS key JOIN pg_class AS made ON made.oid = key.conrelid
        WHERE made.oid = to_regclass(:table) AND key.contype = 'p' AND NOT key.condeferrable
        AND key.conkey = ARRAY(SELECT attnum FROM pg_attribute WHERE attrelid = made.oid AND attname = 'id')
        AND (made.relkind = 'p' OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = made.oid))""",
}
# Whether an SQLite table leaves NULL where a row comes without an id. It gives a number only to the alias of its rowid:
# a column declared INTEGER PRIMARY KEY, for whose key there is no index. INT, BIGINT, DESC and WITHOUT ROWID are none.
UNNUMBERED = """SELECT 1 FROM sqlite_master AS made WHERE made.type = 'table' AND lower(made.name) = lower(:table)
    AND NOT EXISTS (SELECT 1 FROM pragma_table_info(:table) WHERE name = 'id' AND pk = 1 AND lower(type) = 'integer'
        AND NOT EXISTS (SELECT 1 FROM pragma_index_list(:table) WHERE origin = 'pk'))"""
# Names alone: what SQLAlchemy would read too are types, and it warns of those that it does not know.
COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info(:table)",
    "postgresql": "SELECT attname FROM pg_attribute"
    " WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped",
}
