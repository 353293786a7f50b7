"""`bridge migrate`."""

import click


@click.command("migrate")
def command() -> None:
    """Bring the store to this release's shape. `bridge serve` does this at its start as well."""
    from bridge import settings as environment
    from bridge.store import Database, migrate

    database = Database(environment.load().database_url)
    try:
        done = migrate(database)
    finally:
        database.close()
    click.echo("migrated" if done else "nothing to do", err=True)
