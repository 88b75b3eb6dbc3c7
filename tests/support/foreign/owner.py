"""What a database's owner does with the doctor's findings."""

from sqlalchemy import text

from opsnb.database import Database
from opsnb.doctor import examine


def make_suggested_indexes(database: Database) -> list[str]:
    """Run each CREATE INDEX that the doctor hands out, exactly as it stands."""
    statements = [finding.fix for finding in examine(database) if finding.fix.startswith("CREATE ")]
    plain = database.writer.execution_options(isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        raw = connection.connection.dbapi_connection
        for statement in statements:
            raw.execute(statement)
        connection.execute(text("ANALYZE"))
    return statements
