"""Stores on a shared PostgreSQL server, each in a schema of its own."""

import secrets
from contextlib import contextmanager

import sqlalchemy

from bridge.store import Database


@contextmanager
def own_schema(postgres_url):
    """A store without tables, unseen by others; gone afterwards."""
    schema = f"test_{secrets.token_hex(6)}"
    url = sqlalchemy.make_url(postgres_url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    own = url.update_query_dict(
        {"options": f"-csearch_path={schema}", "application_name": schema}
    )
    opened = Database(own.render_as_string(hide_password=False))
    try:
        yield opened
    finally:
        opened.close()
        _take_away(engine, schema)
        engine.dispose()


def _take_away(engine, schema):
    """Drops a schema that processes may still work in: their sessions end first. One that resists stays, harmless."""
    for _ in range(10):
        try:
            with engine.begin() as connection:
                for statement in (
                    "SET LOCAL lock_timeout = '5s'",
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{schema}'",
                    f"DROP SCHEMA {schema} CASCADE",
                ):
                    connection.exec_driver_sql(statement)
            return
        except sqlalchemy.exc.DBAPIError:  # a deadlock, or a lock that is not given
            continue
