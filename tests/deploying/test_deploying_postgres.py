"""ops/postgresql and ops/pgbouncer on a real PostgreSQL: two roles with least rights, and a pooler in session mode."""

import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from fleet import fleet
from history import judge
from programs import program
from running import ROOT, eventually, free_port
from sqlalchemy.exc import DBAPIError
from traffic import MAPPING, Traffic, history, settled

from bridge.store import Database, migrate

ROLES = (ROOT / "ops/postgresql/roles.sql").read_text("utf-8")
POOLER = (ROOT / "ops/pgbouncer/pgbouncer.ini").read_text("utf-8")


@pytest.fixture
def urls(postgres_url):
    """The address of a database for each of the two roles, after roles.sql; `stranger` is a role of neither."""
    mark = secrets.token_hex(4)
    server = sqlalchemy.make_url(postgres_url).set(drivername="postgresql+psycopg")
    own = server.set(database=f"bridge_{mark}")
    names = {one: f"bridge_{one}_{mark}" for one in ("owner", "app", "stranger")}
    script = ROLES.replace("bridge_owner", names["owner"])
    script = script.replace("bridge_app", names["app"])
    run(
        server,
        f"CREATE DATABASE {own.database}",
        f"CREATE ROLE {names['stranger']} LOGIN",
    )
    # As a server has it that was upgraded from a release before 15.
    run(own, "GRANT CREATE ON SCHEMA public TO PUBLIC", script)
    yield {one: own.set(username=name) for one, name in names.items()}
    run(server, f"DROP DATABASE {own.database} WITH (FORCE)")
    run(server, *(f"DROP ROLE {name}" for name in names.values()))


def run(url, *statements):
    """What a person types into psql as that role."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))
    finally:
        engine.dispose()


def text(url):
    return url.render_as_string(hide_password=False)


def migrated(urls):
    """The tables, made by the role that owns them."""
    database = Database(text(urls["owner"]))
    try:
        return migrate(database)
    finally:
        database.close()


FORBIDDEN = (
    "CREATE TABLE mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "DROP TABLE events",
    "ALTER TABLE events ADD COLUMN mine int",
    "TRUNCATE events",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "COPY events TO PROGRAM 'true'",
    "SELECT * FROM pg_authid",
    "UPDATE pg_class SET relname = relname",
)


@pytest.mark.slow
def test_a_bridge_works_with_the_lesser_role(urls, nursery, tmp_path, sandbox):
    """The owner makes the tables; receivers and workers of the other role take in, deliver and record everything."""
    migrated(urls)
    with fleet(nursery, tmp_path, sandbox, MAPPING, text(urls["app"])) as running:
        works(running, running.bridge.url, sandbox)
        assert running.bridge.run("doctor", "--running").returncode == 0


def works(running, url, sandbox):
    """A receiver and a worker under traffic: all answers 2xx, nothing lost."""
    running.receivers()
    running.worker()
    traffic = Traffic(url)
    with traffic:
        assert eventually(lambda: traffic.acknowledged() > 40), running.tail()
    assert {item.status for item in traffic.sent} <= {200, 202}
    assert settled(running.bridge), running.tail()
    assert judge(history(traffic, sandbox, running.bridge)) == []


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_lesser_role_can_do_no_more(urls, statement):
    """It changes rows; tables, roles and the machine are not its own."""
    migrated(urls)
    with pytest.raises(
        DBAPIError, match="permission denied|must be owner|must be super"
    ):
        run(urls["app"], statement)


def test_nobody_else_gets_in(urls):
    """A role of the same server that is neither of the two cannot even connect."""
    with pytest.raises(sqlalchemy.exc.OperationalError, match="permission denied"):
        run(urls["stranger"], "SELECT 1")


def test_a_later_migration_needs_no_grant(urls):
    """What the owner makes at the next upgrade can be read and written by the other role at once, and counts on."""
    migrated(urls)
    run(urls["owner"], "CREATE TABLE later (id serial primary key, a int)")
    run(
        urls["app"],
        "INSERT INTO later (a) VALUES (1)",
        "SELECT * FROM later",
        "UPDATE later SET a = 2",
        "DELETE FROM later",
    )
    with pytest.raises(DBAPIError, match="permission denied"):
        run(urls["app"], "SELECT setval('later_id_seq', 1)")


@contextmanager
def pooler(url, mode="session"):
    """PgBouncer with the shipped file, on the test's ports; gives the address through it."""
    host, database = url.query["host"], url.database
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bridge-test-pgbouncer-"))
    settings = POOLER.replace(
        "bridge = host=127.0.0.1 port=5432 dbname=bridge",
        f"{database} = host={host} port=5432 dbname={database}",
    )
    for pattern, here in (
        ("listen_port = .*", f"listen_port = {port}\nunix_socket_dir ="),
        ("auth_type = .*", "auth_type = trust"),
        (
            "auth_file = .*",
            f"auth_file = {folder}/users\nlogfile = {folder}/log\npidfile = {folder}/pid",
        ),
        ("pool_mode = session", f"pool_mode = {mode}"),
    ):
        settings, found = re.subn(pattern, here, settings)
        assert found == 1, pattern
    (folder / "pgbouncer.ini").write_text(settings)
    (folder / "users").write_text(f'"{url.username}" ""\n')
    command = [program("pgbouncer"), folder / "pgbouncer.ini"]
    if os.geteuid() == 0:  # it refuses to run as root: then as who the server runs as
        owner = pwd.getpwuid(os.stat(host).st_uid).pw_name
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, owner)
        command[1:1] = ["-u", owner]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    through = url.set(host="127.0.0.1", port=port, query={})
    try:
        assert eventually(lambda: is_up(through), 60), (folder / "log").read_text()
        yield through
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(folder)


def is_up(url):
    try:
        run(url, "SELECT 1")
    except DBAPIError:
        return False
    return True


@pytest.mark.slow
def test_a_bridge_works_through_pgbouncer(urls, nursery, tmp_path, sandbox):
    """In session mode, as shipped: every answer 2xx, the worker is told of news, nothing lost."""
    migrated(urls)
    with (
        pooler(urls["app"]) as through,
        fleet(nursery, tmp_path, sandbox, MAPPING, text(through)) as running,
    ):
        works(running, running.bridge.url, sandbox)


@pytest.mark.slow
def test_why_the_mode_is_session(urls):
    """In transaction mode a reading connection makes others read-only: what the page warns of, tried."""
    migrated(urls)
    with pooler(urls["app"], "transaction") as through:
        database = Database(text(through))
        try:
            with pytest.raises(Exception, match="ReadOnlySqlTransaction"):
                for _ in range(20):
                    with database.read() as connection:
                        connection.exec_driver_sql("SELECT 1")
                    database.write(lambda c: c.exec_driver_sql("DELETE FROM pauses"))
        finally:
            database.close()
