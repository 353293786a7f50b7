"""`bridge doctor`: a line a thing, ok or what to do, and nothing is changed by looking."""

import fcntl
import http.server
import os
import socket
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from bench import objects
from pages import serving
from running import free_port

from bridge import settings as environment
from bridge.services import checks, doctor
from bridge.store import Database, migrate, pauses
from bridge.store.audit import By
from bridge.store.database import lock

ALL = (
    "settings versions mappings secrets files store stopped clock disk running".split()
)


@pytest.fixture
def settled(house, monkeypatch):
    """A folder in which all is well but for a running bridge."""
    monkeypatch.setenv("SHOP_SECRET", "s")
    monkeypatch.setenv("SHOP_KEY", "k")
    monkeypatch.setenv("BRIDGE_BIND", f"127.0.0.1:{free_port()}")
    database = Database("sqlite:///var/bridge.db")
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def answering(monkeypatch):
    """Something that answers at BRIDGE_BIND with a given status and text."""
    servers = []

    def answer(status, text):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        monkeypatch.setenv("BRIDGE_BIND", f"127.0.0.1:{server.server_port}")

    yield answer
    for server in servers:
        server.shutdown()
        server.server_close()


def said(result):
    """What → (ok, message), of the lines that begin a thing."""
    lines = [line for line in result.stdout.splitlines() if line[0] != " "]
    return {line[5:14].strip(): (line.startswith("ok"), line[15:]) for line in lines}


def test_all_is_well(terminal, settled, answering):
    """Every line is ok and so is the exit code."""
    answering(200, '{"status": "ok"}')
    result = terminal("doctor")
    assert result.exit_code == 0, result.output
    found = said(result)
    assert list(found) == ALL
    assert found["mappings"][1].startswith("1 rules in mappings, ruleset ")
    assert found["store"][1].startswith("sqlite 3.")
    assert found["store"][1].endswith(" 0 events to route, 0 held, 0 dead letters")
    assert found["running"][1].endswith("is up, status ok")


def test_new_project_is_told_what_to_do(terminal, house, monkeypatch):
    """Each missing thing is its own line with what to do, and looking makes no store."""
    monkeypatch.setenv("BRIDGE_BIND", f"127.0.0.1:{free_port()}")
    result = terminal("doctor")
    assert result.exit_code == 1
    found = said(result)
    assert [
        what for what, (ok, _) in found.items() if not ok
    ] == "secrets store running".split()
    assert "`bridge migrate` makes a new one" in found["store"][1]
    assert "start it with `bridge serve`" in found["running"][1]
    assert (
        "\n               SHOP_KEY is not set or empty  (mappings/shop.yaml:9:"
        in result.stdout
    )
    assert not (house / "var").exists()


def test_mapping_errors_are_not_called_missing_secrets(terminal, settled, rewrite):
    """With errors in the folder nothing can be said of its secrets, so they are not called well."""
    rewrite("event.ticket | uuid", "event.ticket | uiud")
    found = said(terminal("doctor"))
    assert found["mappings"] == (
        False,
        "mappings has errors: run `bridge check`",
    )
    assert found["secrets"][0] is False


def test_parked_connection_is_a_case_for_a_person(terminal, settled):
    """A parked connection is named with the command that resumes it."""
    from bridge.store.queue import connections

    now = datetime.now(UTC)
    settled.write(lambda c: connections.park(c, "vambe-cl", "401", now))
    ok, message = said(terminal("doctor"))["stopped"]
    assert not ok and message.startswith("connection vambe-cl has been parked since ")
    assert message.endswith(": 401 → `bridge resume vambe-cl`")


def test_store_that_cannot_be_opened_stops_no_other_line(
    terminal, settled, house, monkeypatch
):
    """What is no database, and a lock that cannot be made, is one FAIL among the other lines."""
    (house / "text").write_text("this is no database, however long one looks" * 100)
    (house / "locked").touch()
    (house / "locked.lock").mkdir()
    for path, said_of_it in (
        ("text", "cannot be read"),
        ("mappings", "cannot be read"),
        ("locked", "Is a directory"),
    ):
        monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite:///{path}")
        found = said(terminal("doctor"))
        assert found["store"][0] is False and said_of_it in found["store"][1]
        assert found["disk"][0] is True


def test_full_disk_is_said(terminal, settled, monkeypatch):
    """Below the low-water mark the line says how much is left, and where."""
    monkeypatch.setenv("BRIDGE_MIN_FREE", str(2**60))
    ok, message = said(terminal("doctor"))["disk"]
    assert not ok and "/var, so nothing is accepted: free some space" in message


@pytest.mark.parametrize(
    ("status", "text", "code", "words"),
    [
        (200, '{"status": "ok"}', 0, "is up, status ok"),
        (200, '{"status": "degraded"}', 0, ": see http://"),
        (503, "{}", 1, "answers 503"),
        (200, "<html>", 1, "another program answers"),
        (200, "[]", 1, "another program answers"),
    ],
)
def test_running_asks_the_bridge_alone(
    terminal, tmp_path, monkeypatch, answering, status, text, code, words
):
    """--running is for health checks: exit code 0 while the bridge is up, degraded too."""
    monkeypatch.chdir(tmp_path)
    answering(status, text)
    result = terminal("doctor", "--running")
    assert result.exit_code == code
    assert words in result.output
    (line,) = objects(terminal("doctor", "--running", "--json"))
    assert (line["what"], line["ok"]) == ("running", code == 0)
    assert words in line["message"]


def test_a_bridge_that_says_nothing_is_not_waited_for(terminal, settled, monkeypatch):
    """One that takes connections and answers nothing is another case than one that was never started."""
    assert doctor._PATIENCE >= 10  # a machine that stalls is no bridge that is down
    monkeypatch.setattr(doctor, "_PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("BRIDGE_BIND", f"127.0.0.1:{silent.getsockname()[1]}")
        ok, message = said(terminal("doctor", "--running"))["running"]
    assert not ok and message.endswith("did not answer within 0.1 s: see its log")


def test_a_secret_of_another_form_is_said(terminal, settled, house, monkeypatch):
    """A key that is not what the sender signs with is told before the first webhook is answered 503."""
    standard = "version: 1\nsource: { name: svix, provider: standard, verify: { secret: { env: SVIX } } }\n"
    (house / "mappings" / "svix.yaml").write_text(standard)
    monkeypatch.setenv("SVIX", "whsec_not-base64!")
    said = terminal("doctor").stdout
    assert "SVIX: a secret of this source is not base64" in said
    assert "whsec_" not in said


def test_secrets_that_others_may_read_are_said(terminal, settled, house, rewrite):
    """A secret's file is for its owner alone; the line has the command that makes it so."""
    rewrite("{ env: SHOP_KEY }", "{ file: key.txt }")
    file = house / "key.txt"
    file.write_text("k")
    for mode, ok in ((0o644, False), (0o620, False), (0o602, False), (0o640, True)):
        file.chmod(mode)
        found = said(terminal("doctor"))["files"]
        assert found[0] is ok, oct(mode)
        assert found[1].endswith("chmod u=rw,g-w,o= key.txt") is not ok


def test_a_store_that_others_may_open_is_said(terminal, settled, house):
    """Payloads, their log and copies are as secret as keys; a folder that all may write to is no place for them."""
    for name, mode in (
        ("", 0o644),
        ("-wal", 0o602),
        (".before-migration-from-1", 0o620),
    ):
        file = house / "var" / f"bridge.db{name}"
        file.touch()
        file.chmod(mode)
        ok, message = said(terminal("doctor"))["files"]
        assert not ok and message.endswith(f"chmod u=rw,g-w,o= var/{file.name}")
        file.chmod(0o600)
    (house / "var").chmod(0o777)
    ok, message = said(terminal("doctor"))["files"]
    assert not ok and message.endswith("can replace the store: chmod o-w var")
    (house / "var").chmod(0o1777)
    assert said(terminal("doctor"))["files"][0]


def test_who_holds_the_lock_is_said(terminal, settled, house, monkeypatch):
    """A process that keeps everybody from writing is named, and commands that would write end with exit code 4."""
    monkeypatch.setattr(lock, "PATIENCE", 1.5)
    with open(house / "var" / "bridge.db.lock", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = said(terminal("doctor"))
        result = terminal("pause", "--all", "--reason", "a test")
    who = f"var/bridge.db.lock is held by process {os.getpid()} ("
    assert found["store"][0] is False and found["store"][1].startswith(who)
    assert found["stopped"][0] is True
    waiting, gave_up = result.stderr.splitlines()
    assert result.exit_code == 4 and waiting.startswith(f"bridge: waiting: {who}")
    assert gave_up.startswith(f"bridge: {who}") and "nothing was changed" in gave_up


def test_settings_in_files_are_looked_at_too(terminal, settled, house, monkeypatch):
    """BRIDGE_SECRET_KEY_FILE names a secret as well."""
    (house / "secret").write_text("k")
    (house / "secret").chmod(0o604)
    monkeypatch.setenv("BRIDGE_SECRET_KEY_FILE", "secret")
    assert said(terminal("doctor"))["files"][0] is False


def test_clocks_that_are_apart_are_said(terminal, settled, monkeypatch):
    """Signatures are checked by the host's clock and leases by the database's."""
    ahead = datetime.now(UTC) + timedelta(seconds=60)
    monkeypatch.setattr(checks, "clock", lambda connection: ahead)
    ok, message = said(terminal("doctor"))["clock"]
    assert not ok and " s: synchronise both with NTP" in message


def test_a_slow_answer_of_the_database_is_no_difference(terminal, settled, monkeypatch):
    """Its moment lies between the asking and the answer, however long that took."""
    start = datetime.now(UTC)
    moments = iter([start, start + timedelta(seconds=9)])
    monkeypatch.setattr(
        checks, "datetime", SimpleNamespace(now=lambda zone: next(moments))
    )
    monkeypatch.setattr(checks, "clock", lambda _: start + timedelta(seconds=4))
    assert said(terminal("doctor"))["clock"][0]


def test_a_store_of_an_older_release_is_said(terminal, settled):
    """Looking does not migrate; the line says what does."""
    with settled.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    ok, message = said(terminal("doctor"))["store"]
    assert not ok and "run `bridge migrate`" in message


def test_a_pause_is_a_case_for_a_person(terminal, settled):
    """It is named with the command that ends it."""
    scope, by = pauses.Scope(rule="paid"), By(person="ana", reason="a test")
    settled.write(lambda c: pauses.add(c, scope, by, datetime.now(UTC)))
    ok, message = said(terminal("doctor"))["stopped"]
    assert not ok and message.startswith("rule paid has been paused since ")
    assert message.endswith(": a test → `bridge resume --rule paid`")


def test_vendors_are_looked_at_only_when_asked(
    terminal, settled, answering, monkeypatch
):
    """--reach adds a line for each connection; with a sandbox it is the sandbox that is looked at."""
    answering(200, '{"status": "ok"}')
    assert "reach" not in said(terminal("doctor"))
    bind = os.environ["BRIDGE_BIND"]
    for url, ok in (
        (f"http://{bind}", True),
        (f"http://127.0.0.1:{free_port()}", False),
    ):
        monkeypatch.setenv("BRIDGE_SANDBOX_URL", url)
        result = terminal("doctor", "--reach", "--json")
        (line,) = [one for one in objects(result) if one["what"] == "reach"]
        assert line["ok"] is ok and line["message"].startswith("vambe-")
        assert result.exit_code == (not ok)


PUBLISHED = """\
version: 1
source:
  name: tokens
  provider: generic
  verify: {{ scheme: jwt, algorithm: RS256, keys: {{ url: "{url}/keys" }} }}
  event: {{ id: body.id }}
rules:
  - id: never
    events: [never]
    target: vambe.update_amount
    auth: {{ api_key: {{ env: SHOP_KEY }} }}
    fields: {{ ticket_id: "{{{{ event.ticket | uuid }}}}", amount: 1, currency: CLP }}
"""


@pytest.fixture
def publishing(settled, house, monkeypatch):
    """A server at whose /keys a source's sender publishes its keys."""
    monkeypatch.setenv("BRIDGE_SANDBOX_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("BRIDGE_ALLOWED_NETWORKS", "127.0.0.0/8")
    with serving() as server:
        text = PUBLISHED.format(url=server.url)
        (house / "mappings" / "tokens.yaml").write_text(text)
        yield server


def reached(terminal, about):
    """Whether the line about a source is well, and what it says."""
    lines = objects(terminal("doctor", "--reach", "--json"))
    (line,) = [
        one for one in lines if one["what"] == "reach" and about in one["message"]
    ]
    return line["ok"], line["message"]


def test_published_keys_are_fetched_only_when_asked(terminal, publishing):
    """--reach asks the sender itself, in sandbox mode, too, and counts its keys."""
    key = b'{"keys": [{"kty": "RSA", "kid": "a", "n": "AQ", "e": "AQAB"}]}'
    publishing.pages["/keys"] = 200, key
    terminal("doctor")
    assert not publishing.asked
    ok, message = reached(terminal, "tokens")
    assert ok and message == f"keys of tokens: 1 at {publishing.url}/keys"
    assert publishing.asked == {"/keys": 1}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"", "the answer has status 404"),
        (302, b"/other", "the answer has status 302"),
        (200, b"<p>Sign in</p>", "neither a key set nor PEM"),
        (200, b'{"keys": []}', "has 0 keys"),
    ],
)
def test_keys_that_cannot_be_had_are_told(terminal, publishing, status, body, said):
    """Before the first request that they would prove is refused."""
    publishing.pages["/keys"] = status, body
    ok, message = reached(terminal, "tokens")
    assert not ok and said in message and f"{publishing.url}/keys" in message


def test_keys_are_fetched_within_the_network_policy(terminal, publishing, monkeypatch):
    """An address that the bridge may not call is not called by its doctor, either."""
    monkeypatch.delenv("BRIDGE_ALLOWED_NETWORKS")
    ok, message = reached(terminal, "tokens")
    assert not ok and "127.0.0.1" in message
    assert not publishing.asked


def test_an_address_that_requests_name_is_told_and_not_tried(terminal, settled, house):
    """SNS says in each message where its certificate is: which host that will be is not known before."""
    text = PUBLISHED.format(url="https://keys.example.com").replace(
        'keys: { url: "https://keys.example.com/keys" }',
        'keys: { from: query.at, hosts: ["keys.*.example.com"] }',
    )
    text = text.replace("scheme: jwt, algorithm: RS256", SIGNED)
    (house / "mappings" / "tokens.yaml").write_text(text)
    ok, message = reached(terminal, "tokens")
    assert ok and message.endswith(
        "names its own addresses at keys.*.example.com: not tried"
    )


SIGNED = "scheme: asymmetric, algorithm: ed25519, header: X-Sig"


def test_what_may_not_be_looked_at_is_a_line(terminal, settled, monkeypatch):
    """A folder that is closed to this user: its line says so, and the others follow."""

    def closed(settings):
        raise PermissionError(13, "Permission denied", "/run/keys/k")

    monkeypatch.setattr(checks, "files", closed)
    found = said(terminal("doctor"))
    assert list(found) == ALL
    message = "cannot read /run/keys/k: Permission denied"
    assert found["files"] == (False, message)


def test_the_disk_of_this_machine_is_not_postgresqls(monkeypatch):
    """Where the store is on a server, what is free here stops nothing."""
    monkeypatch.setenv("BRIDGE_DATABASE_URL", "postgresql://127.0.0.1:1/bridge")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: 1 / 0)
    assert "not on this machine" in checks.disk(environment.load())


@pytest.mark.parametrize(
    "sqlite, url, is_named",
    [
        ((3, 40, 1), "sqlite:///var/bridge.db", True),
        ((3, 51, 2), "sqlite:///var/bridge.db", True),
        ((3, 51, 3), "sqlite:///var/bridge.db", False),
        ((3, 52, 0), "sqlite:///var/bridge.db", False),
        ((3, 40, 1), "postgresql://localhost/bridge", False),
    ],
)
def test_what_an_older_sqlite_means_is_said(
    settled, monkeypatch, sqlite, url, is_named
):
    """A SQLite before 3.51.3 is named with what it means for a store that is its file, and no other is."""
    number = ".".join(map(str, sqlite))
    monkeypatch.setattr(sqlite3, "sqlite_version_info", sqlite)
    monkeypatch.setattr(sqlite3, "sqlite_version", number)
    monkeypatch.setenv("BRIDGE_DATABASE_URL", url)
    line = checks.versions(environment.load())
    assert f"SQLite {number}" in line
    assert ("do not let other programs write to it" in line) == is_named


def test_a_sqlite_that_lacks_what_the_store_needs_fails(settled, monkeypatch):
    """A SQLite that the bridge cannot run on is no hint but a failure."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(checks.NotWell, match="too old"):
        checks.versions(environment.load())
