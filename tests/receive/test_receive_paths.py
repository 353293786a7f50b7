"""A URL that was mistyped at the sender is seen, and a secret inside it is not."""

import time

import pytest
from fronts import GATE, parts, set_secrets
from running import NOW, SECRET

from bridge.app import hooks_app
from bridge.receive import paths, refusals
from bridge.receive.refusals import Refusals
from bridge.settings import Settings
from bridge.store import rejections
from bridge.store.rejections import Rejection

KNOWN = ("stripe", "shop.2026-eu", "flow")


@pytest.fixture
def client(database, tmp_path, monkeypatch):
    set_secrets(monkeypatch)
    (tmp_path / "gate.yaml").write_text(GATE)
    return hooks_app(parts(database, tmp_path, Settings())).test_client()


def listed(database, **asked):
    asked = {"since": NOW.replace(year=2000), "source": None, "limit": 50, **asked}
    with database.read() as connection:
        return rejections.listed(connection, **asked)


@pytest.mark.parametrize(
    ("path", "status", "source", "reason", "shown"),
    [
        ("/hooks/stripe/", 404, "stripe", "trailing_slash", "/hooks/stripe/"),
        ("/hooks/stripe//", 404, "stripe", "trailing_slash", "/hooks/stripe//"),
        (f"/hooks/gate/{SECRET}/", 404, "gate", "trailing_slash", "/hooks/gate/…/"),
        ("/hook/stripe", 404, "(unknown)", "wrong_path", "/hook/stripe"),
        ("/webhooks/stripe", 404, "(unknown)", "wrong_path", "/webhooks/stripe"),
        ("/stripe", 404, "(unknown)", "wrong_path", "/stripe"),
        ("/hooks", 404, "(unknown)", "wrong_path", "/hooks"),
        ("/", 404, "(unknown)", "wrong_path", "/"),
        ("/Hooks/Stripe", 404, "(unknown)", "wrong_path", "/Hooks/Stripe"),
        (
            "/api/hooks/stripe?key=s3cret",
            404,
            "(unknown)",
            "wrong_path",
            "/api/hooks/stripe",
        ),
        ("/hooks/stirpe", 401, "(unknown)", "unknown_source", "/hooks/stirpe"),
        (f"/hooks/gaet/{SECRET}", 401, "(unknown)", "unknown_source", "/hooks/gaet/…"),
        ("/hooks/gate", 401, "gate", "missing_part", "/hooks/gate"),
    ],
)
def test_a_wrong_url_is_seen(database, client, path, status, source, reason, shown):
    """A slash too many, a wrong path and a wrong name are kept as refusals with what is wrong about them."""
    assert client.post(path, json={"id": "e1"}).status_code == status
    (row,) = listed(database)
    kept = (row["source"], row["reason"], row["status"], row["path"], row["count"])
    assert kept == (source, reason, status, shown, 1)


def test_a_wrong_method_is_seen(database, client):
    """A sender that was set to PUT is found, too; health checks and hooks that are taken are no refusals."""
    assert client.put("/hooks/stripe").status_code == 405
    assert client.get("/healthz").status_code == 200
    assert client.post(f"/hooks/gate/{SECRET}", json={"id": "e"}).status_code == 202
    (row,) = listed(database)
    assert (row["source"], row["reason"]) == ("stripe", "method")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/hooks/flow/invented0token0of0a0hook", "/hooks/flow/…"),
        ("/hooks/fl%C3%B3w".replace("%C3%B3", "\xc3\xb3"), "/hooks/fl%C3%B3w"),
        ("/hooks/shop.2026-eu/", "/hooks/shop.2026-eu/"),
        ("/whsec_0123456789abcdef0123", "/…"),
        ("/flow/abcdefghijkl", "/flow/…"),
        ("//hooks/stripe", "//hooks/stripe"),
        ("/hooks/\x1b[2J\n", "/hooks/…"),
        ("/hooks/a\x1b\u20ac", "/hooks/a%1B%3F"),
        ("/hooks/" + "x" * 25, "/hooks/…"),
        ("/a" * 5_000, None),
        ("", "/"),
    ],
)
def test_what_is_shown_of_a_path(path, shown):
    """T-49: words in their places and what is known; never a token, a sign that a terminal obeys, or more than fits."""
    found = paths.shown(path, KNOWN)
    assert len(found) <= paths.LONGEST and found.replace("…", "").isascii()
    assert found.isprintable()
    assert shown is None or found == shown


def test_alike_ones_are_a_row(database):
    """However many rows a refusal has in the store, people see one: how many, the first, the last, from where."""
    one = Rejection("stripe", "trailing_slash", 404, "192.0.2.1", 2, "/hooks/stripe/")
    other = one._replace(remote="192.0.2.2", size=9)
    wrong = Rejection("(unknown)", "wrong_path", 404, "192.0.2.3", 0, "/hook/stripe")
    for minute, found in ((1, {one: 3}), (5, {other: 4, wrong: 1}), (3, {one: 2})):
        now = NOW.replace(minute=minute)
        database.write(lambda c: rejections.add(c, counts=found, now=now))
    first, second = listed(database)
    assert [first["source"], second["source"]] == ["(unknown)", "stripe"]
    assert (second["count"], second["remote"]) == (9, "several")
    assert (second["first_at"].minute, second["last_at"].minute) == (1, 5)
    assert (first["count"], first["remote"]) == (1, "192.0.2.3")
    assert listed(database, source="stripe") == [second]
    assert listed(database, limit=1) == [first]
    (late,) = listed(database, since=NOW.replace(minute=4), source="stripe")
    assert late["count"] == 4
    assert listed(database, since=NOW.replace(minute=6)) == []


def test_a_flood_of_paths_hides_no_other_source(database, monkeypatch):
    """T-49: of one source 50 kinds a second are kept apart; another source's keep their path and address."""
    monkeypatch.setattr(refusals, "later", lambda seconds, call: calls.append(call))
    calls: list = []
    found = Refusals(database, sources=dict, remote=str)
    for number in range(10_000):
        path = f"/{number}"
        found.add(Rejection("(unknown)", "wrong_path", 404, "192.0.2.1", 0, path))
    said = Rejection("stripe", "stale", 401, "192.0.2.9", 7, "/hooks/stripe")
    found.add(said)
    for call in calls:
        call()
    until = time.monotonic() + 60
    while not (rows := listed(database, limit=1_000)) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(rows) <= refusals.KINDS + 2
    assert sum(row["count"] for row in rows) == 10_001
    (other,) = listed(database, source="stripe")
    assert (other["path"], other["remote"]) == (said.path, said.remote)
    assert len(found._say._more) == 0
