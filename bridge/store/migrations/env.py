"""Alembic's entry: runs the migrations on the connection that bridge.store.migrate hands in, inside its transaction."""

from alembic import context

from bridge.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
