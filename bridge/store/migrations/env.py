"""Alembic's entry: runs the migrations in the transaction that `keeping/migrating.py` opened."""

from alembic import context

from bridge.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
