"""What a database's owner does with the doctor's findings."""

from sqlalchemy import create_engine

from opsnb.database import Database
from opsnb.doctor import examine


def make_suggested_indexes(database: Database) -> list[str]:
    """Run each CREATE INDEX that the doctor hands out, exactly as it stands."""
    statements = [finding.fix for finding in examine(database) if finding.fix.startswith("CREATE ")]
    database.close()
    owner = create_engine(database.url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        for statement in [*statements, "ANALYZE"]:
            connection.connection.dbapi_connection.execute(statement)
    owner.dispose()
    return statements
