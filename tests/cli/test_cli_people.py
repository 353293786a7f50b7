"""`bridge user` and `bridge token`: accounts and tokens are made on the machine, and secrets are printed once."""

import json
from datetime import UTC, datetime

import pytest
from bench import objects

from bridge.services import people, sessions


@pytest.fixture
def store(sqlite, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite:///{tmp_path}/bridge.db")
    return sqlite


def signs_in(store, name, password):
    begun = sessions.sign_in(
        store, name, password, address="", agent="", now=datetime.now(UTC)
    )
    return people.of_session(store, begun.token, now=datetime.now(UTC))


def test_the_first_account(terminal, store):
    """The password is made and printed once, on stdout alone; there is none before, and no default."""
    empty = terminal("user", "list")
    assert empty.exit_code == 5 and "bridge user add NAME" in empty.stderr
    made = terminal("user", "add", "ana", "--role", "admin")
    password = made.stdout.strip()
    assert len(password) == 20 and password not in made.stderr
    assert signs_in(store, "ana", password).role == "admin"
    (row,) = objects(terminal("user", "list", "--json"))
    assert (row["name"], row["sessions"]) == ("ana", 1) and "password" not in row
    again = terminal("user", "add", "ana", "--role", "admin")
    assert again.exit_code == 2 and "already an account" in again.stderr
    assert password not in terminal("audit", "--json").stdout


def test_a_password_from_a_file(terminal, store, tmp_path):
    """A file gives the password without its last line break; nothing is printed; a weak one is refused."""
    file = tmp_path / "password"
    file.write_text("a long enough one\n")
    made = terminal("user", "add", "ana", "--role", "viewer", "--password-file", file)
    assert (made.exit_code, made.stdout) == (0, "")
    assert signs_in(store, "ana", "a long enough one")
    file.write_text("short\n")
    refused = terminal("user", "password", "ana", "--password-file", file)
    assert refused.exit_code == 2 and "too short" in refused.stderr
    assert terminal("user", "password", "nobody").exit_code == 5


def test_accounts_are_changed(terminal, store):
    """Role, disable, enable, sessions and remove say what they did; the last admin stays."""
    terminal("user", "add", "ana", "--role", "admin", "--no-password")
    last = terminal("user", "remove", "ana")
    assert last.exit_code == 2 and "last admin" in last.stderr
    bo = terminal("user", "add", "bo", "--role", "viewer").stdout.strip()
    assert terminal("user", "role", "bo", "operator", "--reveal").exit_code == 0
    assert signs_in(store, "bo", bo).scopes == {"read", "operate", "reveal"}
    (row,) = objects(terminal("user", "sessions", "bo", "--json"))
    assert terminal("user", "sessions", "bo", "--end", row["id"]).exit_code == 0
    assert terminal("user", "sessions", "bo", "--end-all").exit_code == 5
    for act in ("disable", "enable", "remove"):
        assert terminal("user", act, "bo", "--reason", "a test").exit_code == 0
    rows = objects(terminal("audit", "--json"))
    assert rows[0]["action"] == "user remove" and rows[0]["reason"] == "a test"


def test_tokens(terminal, store):
    """A token is printed once; list shows its beginning, owner and state; rotate gives the next one."""
    terminal("user", "add", "ana", "--role", "operator", "--no-password")
    more = terminal("token", "add", "ci", "--user", "ana", "--scope", "admin")
    assert more.exit_code == 2 and "more than its owner" in more.stderr
    made = terminal("token", "add", "ci", "--user", "ana", "--scope", "read")
    token = made.stdout.strip()
    now = datetime.now(UTC)
    assert people.of_token(store, token, now=now).name == "ana"
    listed = terminal("token", "list", "--json").stdout
    assert token not in listed and json.loads(listed)["prefix"] == token[:13]
    rotated = json.loads(
        terminal("token", "rotate", "ci", "--hours", "0", "--json").stdout
    )
    now = datetime.now(UTC)
    assert people.of_token(store, token, now=now) is None
    assert people.of_token(store, rotated["token"], now=now)
    states = [row["state"] for row in objects(terminal("token", "list", "--json"))]
    assert states == ["valid", "expired"]
    assert "2 tokens revoked" in terminal("token", "revoke", "ci").stderr
    assert terminal("token", "list").exit_code == 5
