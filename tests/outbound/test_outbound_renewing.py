"""Refresh tokens that rotate: each is used once, on all hosts, and the next one is stored before anything is sent."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from math import inf
from time import monotonic, sleep
from urllib.parse import parse_qs

import pytest
from outbound_server import LOOPBACK

from bridge.errors import StoreUnavailable
from bridge.model import NoReply, Reply
from bridge.outbound import Outbound, Target, Vault, vault
from bridge.outbound.target import ClientCredentials
from bridge.outbound.tokens import Tokens
from bridge.store import Database, grants, tables

KEY = "k" * 32
CLIENT = ClientCredentials(
    token_url="https://id.test/token",
    client_id="me",
    client_secret="s3cret",
    refresh_token="r0-of-the-mapping-file",
)


class Rotating:
    """A token endpoint that takes each refresh token once; who shows a spent one loses everything."""

    def __init__(self, lifetime=3600, grace=False):
        self.good, self.spent, self.revoked = CLIENT.refresh_token, [], False
        self.lifetime, self.grace, self.given = lifetime, grace, 0
        self.asking, self.most = 0, 0  # at the same time
        self.lock = threading.Lock()

    def __call__(self, call, url, headers):
        return self.answer(call.body)

    def answer(self, body):
        form = parse_qs(body.decode())
        shown = form["refresh_token"][0]
        with self.lock:
            self.asking += 1
            self.most = max(self.most, self.asking)
        sleep(0.05)
        with self.lock:
            self.asking -= 1
            self.revoked |= shown in self.spent and not self.grace
            if self.revoked or shown != self.good and not self.grace:
                return reply({"error": "invalid_grant"}, 400)
            self.spent.append(shown)
            self.given += 1
            self.good = f"r{self.given}-of-the-endpoint"
            return reply(
                {
                    "access_token": f"access{self.given}",
                    "refresh_token": self.good,
                    "expires_in": self.lifetime,
                }
            )


def reply(body, status=200):
    raw = json.dumps(body).encode()
    return Reply(status=status, headers={}, body=raw, elapsed=0.1)


def tokens_of(database, key=KEY):
    """The tokens of one more worker."""
    return Tokens(Vault(database, key))


def other(database):
    """The same store, opened by another process of the bridge."""
    return Database(database.url.render_as_string(hide_password=False))


def test_each_refresh_token_is_used_once(database):
    """The endpoint's newest refresh token is shown the next time, also by a worker that starts anew."""
    endpoint = Rotating(lifetime=30)
    given = [tokens_of(database).get(CLIENT, endpoint, 0.0) for _ in range(4)]
    assert given == ["access1", "access2", "access3", "access4"]
    assert endpoint.spent == [
        "r0-of-the-mapping-file",
        *(f"r{n}-of-the-endpoint" for n in (1, 2, 3)),
    ]


def test_an_endpoint_that_does_not_rotate(database):
    """Where no new refresh token is given the old one goes on."""
    shown = []

    def endpoint(call, url, headers):
        shown.append(parse_qs(call.body.decode())["refresh_token"])
        return reply({"access_token": f"access{len(shown)}", "expires_in": 30}, 201)

    for _ in range(3):
        tokens_of(database).get(CLIENT, endpoint, 0.0)
    assert shown == [[CLIENT.refresh_token]] * 3


def test_an_access_token_is_shared_by_all_workers(database):
    """Asking again would end the token of the others: what lasts is taken from the store."""
    endpoint = Rotating()
    given = {tokens_of(database).get(CLIENT, endpoint, 0.0) for _ in range(3)}
    assert (given, endpoint.given) == ({"access1"}, 1)


def test_workers_of_two_hosts_never_show_the_same_refresh_token(database):
    """Many workers whose token was refused at once lead to one new token, which all of them get."""
    endpoint, found = Rotating(), []
    stores = [database, other(database)]
    workers = [tokens_of(store) for store in stores for _ in range(2)]
    assert {worker.get(CLIENT, endpoint, 0.0) for worker in workers} == {"access1"}

    def ask(worker):
        deadline = monotonic() + 120
        found.append(
            worker.get(CLIENT, endpoint, 0.0, refused="access1", deadline=deadline)
        )

    threads = [threading.Thread(target=ask, args=(it,)) for it in workers * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stores[1].close()
    assert (found, endpoint.revoked, endpoint.most) == (["access2"] * 12, False, 1)


def test_nothing_is_readable_in_the_store(database):
    """A copy of the database gives neither token to whoever has no key."""
    endpoint = Rotating()
    tokens_of(database).get(CLIENT, endpoint, 0.0)
    with database.read() as connection:
        [row] = connection.execute(tables.grants.select()).all()
    kept = repr(tuple(row))
    for secret in (endpoint.good, CLIENT.refresh_token, "access1", "s3cret"):
        assert secret not in kept


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "BRIDGE_SECRET_KEY is not set"),
        ("short", "BRIDGE_SECRET_KEY is too short"),
        ("x" * 32, "restore the former key"),
    ],
)
def test_a_key_that_does_not_open_parks(database, key, words):
    """Without the key that sealed it nothing is asked: the spent token of the mapping file would be shown again."""
    endpoint = Rotating(lifetime=30)
    tokens_of(database).get(CLIENT, endpoint, 0.0)
    answer = tokens_of(database, key).get(CLIENT, endpoint, 0.0)
    assert (answer.kind, answer.sent, endpoint.given) == ("credentials", False, 1)
    assert words in answer.message


def test_another_refresh_token_in_the_mapping_file_is_a_fresh_start(database):
    """Whoever signs in anew sets the new token: what was kept of the old one no longer counts."""
    tokens_of(database).get(CLIENT, Rotating(), 0.0)
    endpoint = Rotating()
    endpoint.good = "signed-in-anew"
    anew = replace(CLIENT, refresh_token="signed-in-anew")
    assert tokens_of(database).get(anew, endpoint, 0.0) == "access1"
    assert endpoint.spent == ["signed-in-anew"]


class Away:
    """A store that takes no write while it is away; one begin is still taken."""

    def __init__(self, database, writes):
        self.database, self.writes, self.away = database, writes, True

    def read(self):
        return self.database.read()

    def write(self, job):
        self.writes -= 1
        if self.away and self.writes < 0:
            raise StoreUnavailable("the disk is full")
        return self.database.write(job)


def test_nothing_is_used_before_it_is_stored(database):
    """A store that goes away between asking and storing: no token is used, and later the same one is, unasked."""
    endpoint, store = Rotating(), Away(database, writes=1)
    tokens = tokens_of(store)
    for _ in range(2):
        answer = tokens.get(CLIENT, endpoint, monotonic(), deadline=monotonic() + 1)
        assert (answer.kind, answer.sent) == ("store", False)
        assert "the disk is full" in answer.message
    store.away = False
    assert tokens.get(CLIENT, endpoint, monotonic()) == "access1"
    assert (endpoint.given, endpoint.revoked) == (1, False)


DIES = """
import os, sys
from bridge.outbound.target import ClientCredentials
from bridge.outbound.tokens import Tokens
from bridge.outbound.vault import Vault
from bridge.model import Reply
from bridge.store import Database

class Dies(Vault):
    def keep(self, *_):
        os._exit(9)

def endpoint(call, url, headers):
    body = b'{"access_token": "lost", "refresh_token": "lost"}'
    return Reply(status=200, headers={}, body=body, elapsed=0.1)

url, token = sys.argv[1:]
client = ClientCredentials(
    token_url="https://id.test/token", client_id="me", client_secret="s3cret", refresh_token=token
)
Tokens(Dies(Database(url), "k" * 32)).get(client, endpoint, 0.0)
"""


@pytest.fixture
def lost(database, monkeypatch):
    """A store at which a worker died between being given a refresh token and storing it."""
    url = database.url.render_as_string(hide_password=False)
    ran = subprocess.run([sys.executable, "-c", DIES, url, CLIENT.refresh_token])
    assert ran.returncode == 9
    _expire(database)
    return database


def _expire(database):
    """Lets a minute pass for the lease of the one that died."""
    long_ago = database.write(vault.clock) - timedelta(seconds=1)
    database.write(
        lambda it: it.execute(tables.grants.update().values(lease_until=long_ago))
    )


def test_a_crash_before_storing_is_got_over_where_the_endpoint_forgives(lost):
    """The next worker shows the token before the lost one, which many endpoints take for a while."""
    endpoint = Rotating(grace=True)
    assert tokens_of(lost).get(CLIENT, endpoint, 0.0) == "access1"
    assert endpoint.spent == [CLIENT.refresh_token]


def test_a_crash_before_storing_is_told_where_the_endpoint_does_not_forgive(lost):
    """The refusal says that an answer was lost, when, and what to do; without a crash it does not say so."""
    endpoint = Rotating()
    endpoint.good = "lost"
    answer = tokens_of(lost).get(CLIENT, endpoint, 0.0)
    assert answer.kind == "credentials"
    assert "was not stored: sign in again" in answer.message
    fresh = replace(CLIENT, refresh_token="wrong-from-the-start")
    for _ in range(2):
        answer = tokens_of(lost).get(fresh, endpoint, 0.0)
        assert "(invalid_grant)" in answer.message
        assert "was not stored" not in answer.message


def test_others_wait_for_the_one_that_asks(database):
    """While a lease runs nobody else asks; who cannot wait that long says so, and is tried again later."""
    name = vault.name_of(CLIENT)
    now = database.write(vault.clock)
    minute = timedelta(seconds=60)
    assert database.write(lambda it: grants.begin(it, name, "other", now, minute))
    endpoint = Rotating()
    answer = tokens_of(database).get(
        CLIENT, endpoint, monotonic(), deadline=monotonic() + 0.5
    )
    assert (answer.kind, answer.sent, endpoint.given) == ("refused", False, 0)
    assert database.write(lambda it: grants.begin(it, name, "other", now, minute))


@pytest.mark.parametrize("sent", [True, False])
def test_an_endpoint_that_does_not_answer_keeps_nobody_out(database, sent):
    """The lease is given back at once: the next call asks again, with the same refresh token."""
    silence = NoReply(kind="timeout", message="x", sent=sent, elapsed=1.0)
    answer = tokens_of(database).get(CLIENT, lambda *_: silence, 0.0, deadline=inf)
    assert (answer.kind, answer.sent) == ("timeout", False)
    assert tokens_of(database).get(CLIENT, Rotating(), 0.0) == "access1"


def test_a_bridge_without_a_store_says_so():
    """What only looks has no store: it fetches nothing by refresh tokens."""
    answer = Tokens().get(CLIENT, Rotating(), 0.0)
    assert (answer.kind, answer.sent) == ("credentials", False)


def test_over_http(database, serve, call):
    """Against real servers: a vendor that refuses the first token gets the second, and neither is in the answer."""
    endpoint = Rotating()

    def give(conn):
        answer = endpoint.answer(ids.requests[-1].partition(b"\r\n\r\n")[2])
        head = (
            f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        )
        conn.sendall(head.encode() + answer.body)
        return True

    def check(conn):
        good = b"authorization: bearer access2" in vendor.requests[-1].lower()
        conn.sendall(
            b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % (200 if good else 401)
        )
        return True

    ids, vendor = serve(give), serve(check)
    client = replace(CLIENT, token_url=f"http://127.0.0.1:{ids.port}/token")
    target = Target(vendor="http", base_url=vendor.target().base_url, oauth2=client)
    outbound = Outbound(allowed_networks=LOOPBACK, vault=Vault(database, KEY))
    assert outbound.send(call, target).status == 200
    outbound.close()
    assert b"client_secret" not in ids.requests[0]
    assert (len(ids.requests), len(vendor.requests)) == (2, 2)
