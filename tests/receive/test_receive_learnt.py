"""Secrets that a sender tells in its check of the URL: kept sealed, shown nowhere, and replaced on purpose alone."""

import hmac
import json
import os

import pytest
from fronts import RULES, set_secrets

from bridge.app import hooks_app
from bridge.errors import ConfigurationError
from bridge.mapping.reading.load import build
from bridge.model import SecretRef
from bridge.receive import learnt as room
from bridge.receive.learnt import Learnt
from bridge.secret import Secret, resolve
from bridge.services.parts import Parts
from bridge.services.relearning import relearn
from bridge.services.rulesets import Rules
from bridge.settings import Settings
from bridge.store import audit, learnt, views
from bridge.store.audit import By

KEY = "the key of all hosts, long enough"
TOLD, OTHER = "b537207f20cbfa02357cf448134da559", "0f0f207f20cbfa02357cf448134da55a"
HEADER = """
version: 1
source:
  name: x
  provider: generic
  verify: { scheme: hmac, header: X-Hook-Signature, secret: { learnt: hooks } }
  event: { id: body.id }
  handshake:
    when: { method: POST }
    headers: { X-Hook-Secret: header.X-Hook-Secret }
    learn: header.X-Hook-Secret
"""
BODY = """
version: 1
source:
  name: x
  provider: generic
  verify: { scheme: hmac, header: X-Hook-Signature, prefix: "sha256=", secret: { learnt: hooks } }
  event: { id: body.id }
  handshake:
    when: { method: POST }
    learn: body.verification_token
"""


@pytest.fixture
def front(database, tmp_path, monkeypatch):
    """A client of a receiver, of which each call makes another one on the same store."""
    set_secrets(monkeypatch)
    monkeypatch.setattr(room, "UNKNOWN", 0.0)

    def made(text=HEADER, key=KEY, others=()):
        (tmp_path / "x.yaml").write_text(text + RULES)
        for number, other in enumerate(others):
            (tmp_path / f"other{number}.yaml").write_text(other)
        rules = Rules(database, tmp_path)
        settings = Settings(secret_key=key)
        parts = Parts(settings=settings, database=database, rules=rules)
        return hooks_app(parts).test_client()

    return made


def tell(client, secret, name="x", text=HEADER):
    """The answer to a check that tells a secret."""
    if text is HEADER:
        headers = {"X-Hook-Secret": secret}
        return client.post(f"/hooks/{name}", data=b"", headers=headers)
    return client.post(f"/hooks/{name}", json={"verification_token": secret})


def send(client, secret, number=1, prefix=""):
    """The status of an event that is signed with a secret."""
    body = json.dumps({"id": number}).encode()
    made = hmac.new(secret.encode(), body, "sha256").hexdigest()
    headers = {"X-Hook-Signature": prefix + made}
    return client.post("/hooks/x", data=body, headers=headers).status_code


@pytest.mark.parametrize(
    "text, prefix", [(HEADER, ""), (BODY, "sha256=")], ids=["asana", "notion"]
)
def test_what_was_told_is_what_signs(front, text, prefix):
    """Before it nothing is proven, then what it signs is, in another process of the bridge as well."""
    client, neighbour = front(text), front(text)
    assert send(client, TOLD, prefix=prefix) == 401
    answer = tell(client, TOLD, text=text)
    assert answer.status_code == 200
    assert answer.headers.get("X-Hook-Secret") == (TOLD if text is HEADER else None)
    assert send(client, TOLD, prefix=prefix) == 202
    assert send(neighbour, TOLD, 2, prefix=prefix) == 202
    assert send(client, OTHER, 3, prefix=prefix) == 401


def test_only_the_first_is_believed(front, database):
    """Another secret is refused whoever tells it, the same one is answered again, and nothing is stored of either."""
    client = front()
    assert tell(client, TOLD).status_code == 200
    refused = tell(client, OTHER)
    assert (refused.status_code, refused.headers.get("X-Hook-Secret")) == (401, None)
    assert tell(client, TOLD).status_code == 200
    assert send(client, OTHER) == 401 and send(client, TOLD) == 202
    with database.read() as connection:
        assert views.count_unrouted(connection) == 1


def test_a_person_lets_another_one_in(front, database):
    """Until it is told the former one counts; then the new one alone, once; and the audit trail says who did it."""
    client = front()
    assert not relearn(database, "hooks", By())
    tell(client, TOLD)
    assert relearn(database, "hooks", By(person="ana", reason="leaked"))
    assert not relearn(database, "hooks", By())
    assert send(client, TOLD) == 202
    assert tell(client, OTHER).status_code == 200
    assert send(client, OTHER, 2) == 202 and send(client, TOLD, 3) == 401
    assert tell(client, TOLD).status_code == 401
    with database.read() as connection:
        (act,) = audit.newest(connection, limit=9)
    assert (act["action"], act["person"], act["reason"]) == ("relearn", "ana", "leaked")
    assert act["subject"] == {"learnt": "hooks"}


def test_it_stands_nowhere_in_the_clear(front, database, capfd):
    """Neither the store nor a log line holds it, and a reference to it gives it to nobody."""
    client = front()
    tell(client, TOLD)
    send(client, TOLD)
    tell(client, OTHER)
    with database.read() as connection:
        kept = learnt.load(connection, learnt.name_of("hooks"))
        held = b"".join(
            repr(row).encode() + b"".join(one for one in row if isinstance(one, bytes))
            for name in ("events", "requests", "grants", "audit", "rejections")
            if name in tables()
            for row in connection.execute(tables()[name].select())
        )
    assert kept.sealed and TOLD.encode() not in kept.sealed
    for secret in (TOLD, OTHER):
        assert secret.encode() not in held
        assert secret not in "".join(capfd.readouterr())
    with pytest.raises(ConfigurationError, match="sealed"):
        resolve(SecretRef(kind="learnt", name="hooks"))


def tables():
    from bridge.store.tables import metadata

    return metadata.tables


def test_it_opens_with_its_key_and_name_alone(front, database):
    """Another BRIDGE_SECRET_KEY is 503 and said in the log; a person who lets another one in ends that."""
    tell(front(), TOLD)
    stranger = front(key="another key of sixteen or more")
    assert send(stranger, TOLD) == 503 and tell(stranger, OTHER).status_code == 503
    assert send(front(), TOLD) == 202
    relearn(database, "hooks", By())
    assert tell(stranger, OTHER).status_code == 200
    assert send(stranger, OTHER, 2) == 202


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_nothing_is_kept(front, database, key):
    """Nothing is stored in the clear for want of a key: the sender is told to come again."""
    client = front(key=key)
    assert tell(client, TOLD).status_code == 503
    with database.read() as connection:
        assert learnt.load(connection, learnt.name_of("hooks")).sealed is None


@pytest.mark.parametrize(
    "told", ["", "short", "x" * 513, "with a blank in the middle", "é" * 20]
)
def test_what_is_no_secret_is_not_learnt(front, told):
    """A stranger who tells nothing, or something odd, leaves the place free for the sender."""
    client = front()
    assert tell(client, told.encode().decode("latin-1")).status_code == 401
    assert tell(client, TOLD).status_code == 200


def test_an_unknown_name_teaches_nobody(front):
    """The work that is done for a name that is no source has no consequence for the source that stands in."""
    client = front()
    for name in ("nobody", "somebody", "x-", "y"):
        assert tell(client, OTHER, name).status_code == 401
    assert tell(client, TOLD).status_code == 200


def test_who_may_not_connect_teaches_nobody(front):
    """A network that the source does not take tells it no secret, either."""
    narrow = HEADER + "  allow: { networks: [198.51.100.0/24] }\n"
    assert tell(front(narrow), OTHER).status_code == 401
    assert tell(front(), TOLD).status_code == 200


def test_what_is_known_is_not_asked_at_each_request(database):
    """The store is read once in five seconds, and sooner while nothing is known."""
    now = [0.0]
    kept = Learnt(database, KEY, lambda: now[0])
    reference = SecretRef(kind="learnt", name="hooks")
    assert kept.get(reference) is None
    kept.keep(reference, Secret(TOLD))
    assert kept.get(reference) == TOLD
    other = Learnt(database, KEY, lambda: now[0])
    relearn(database, "hooks", By())
    other.keep(reference, Secret(OTHER))
    assert kept.get(reference) == TOLD
    now[0] += room.KNOWN
    assert kept.get(reference) == OTHER


@pytest.mark.parametrize(
    "old, new",
    [
        ("{ learnt: hooks }", "[{ learnt: hooks }, { env: MORE }]"),
        ("learn: header.X-Hook-Secret", ""),
        ("{ learnt: hooks }", "{ learnt: '' }"),
        ("{ learnt: hooks }", "{ learnt: hooks, env: A }"),
        ("{ learnt: hooks }", "{ learnt: { env: A } }"),
        ("learn: header.X-Hook-Secret", "learn: raw"),
    ],
)
def test_a_secret_that_nobody_tells_is_a_finding(old, new):
    """`bridge check` finds it where it stands, before the sender does."""
    loaded = build({"x.yaml": HEADER.replace(old, new) + RULES}, os.environ)
    errors = [one for one in loaded.findings if one.severity == "error"]
    assert {one.code for one in errors} <= {"M102", "A401", "A404"} and errors


def test_it_is_for_proofs_alone():
    """No connection can be signed in to with what a sender told."""
    rules = RULES.replace("{ env: VAMBE_API_KEY }", "{ learnt: hooks }")
    loaded = build({"x.yaml": HEADER + rules}, os.environ)
    assert any(one.code in ("A401", "A404") for one in loaded.findings)
