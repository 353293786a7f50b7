"""Brings the tables to this release's shape with Alembic.

Migrations only add: an older release runs on a newer shape.
"""

from sqlalchemy import Connection, inspect, text

from bridge.store.engine import Database

HEAD = "0002"  # the newest file in migrations/versions


def migrate(database: Database) -> bool:
    """Applies what is missing in one exclusive transaction; whether there was anything to do."""
    with database.read() as connection:
        if _revision(connection) == HEAD:
            return False
    with database.transaction() as connection:
        return _upgrade(connection)


def _upgrade(connection: Connection) -> bool:
    """Imports Alembic, a quarter of a second, only where there is work for it."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "bridge.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    before = _revision(connection)  # again: another process may have been first
    known = {
        script.revision
        for script in ScriptDirectory.from_config(config).walk_revisions()
    }
    if before is not None and before not in known:
        return False  # a newer release made this; what it added is no concern of ours
    command.upgrade(config, "head")
    return before != HEAD


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return None if found is None else str(found)
