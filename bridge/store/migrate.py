"""Brings the tables to this release's shape with Alembic.

Migrations only add: an older release runs on a newer shape.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bridge.errors import ConfigurationError
from bridge.store.engine import Database


def migrate(database: Database) -> bool:
    """Applies what is missing in one exclusive transaction; whether there was anything to do."""
    config = Config()
    config.set_main_option("script_location", "bridge.store:migrations")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    with database.transaction() as connection:
        before = _revision(connection)
        if before == scripts.get_current_head():
            return False
        _check_known(before, scripts)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _check_known(revision: str | None, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise ConfigurationError(
            f"the database was made by a newer release (revision {revision}): run that release"
        )
