"""An old store keeps its order: what waits, what was marked and what was learned get the names of this release."""

import json

import pytest

from bridge import tenants
from bridge.model import Connection, SecretRef
from bridge.store import migrate
from bridge.store.keeping.migrating import upgrade
from bridge.store.queue import relaning

SPECS = {
    "named": ("vambe-cl", "vambe", {}, "K"),
    "inline": ("vambe-1a2b3c", "vambe", {"base_url": "https://API.vambe.me/"}, "K"),
    "http": ("erp", "http", {"base_url": "https://erp.example.com/v1"}, "E"),
    "env": ("kap", "kapture", {"subdomain": {"env": "SUB"}}, "S"),
    "gone": ("odd", "nobody", {}, "K"),
}
UNREADABLE = ("{}", "[1]", "{nonsense")
SCHEMES = {"vambe": "api_key", "http": "bearer", "kapture": "basic_token"}
UUID = "A1B2C3D4-E5F6-7890-ABCD-EF1234567890"
# id, spec, lane, state, key
DELIVERIES = [
    (1, "named", f"vambe-cl/{UUID}", "waiting", "k1"),
    (2, "inline", f"vambe-1a2b3c/{UUID.lower()}", "waiting", "k2"),
    (3, "named", "vambe-cl/t9", "delivered", "k3"),
    (4, "http", "erp//t/7", "held", "k4"),
    (5, "http", "erp/customer 7", "waiting", "k5"),
    (6, "env", "kap/4711", "waiting", "k6"),
    (7, "gone", "odd/1", "waiting", "k7"),
    (8, "named", "fetch:shop/7", "waiting", None),
    (9, "named", "vambe-cl/dead", "dead", "k9"),
    (10, "named", "vambe-cl/unknown", "dead", "k10"),
    (11, "named", "vambe-cl/gone", "cancelled", "k11"),
    (12, "named", "vambe-cl/trial", "shadow", "k12"),
]
MARKS = [
    (f"vambe-cl/{UUID}", "r", 5),
    (f"vambe-1a2b3c/{UUID.lower()}", "r", 7),
    ("erp//t/7", "r", 3),
    ("kap/4711", "r", 4),
    ("odd/1", "r", 2),
]


def filled(connection):
    run = connection.exec_driver_sql
    run(
        "INSERT INTO payloads (id, received_at, method, target, headers, body)"
        " VALUES (1, 5, 'POST', '/', '{}', 'x')"
    )
    run(
        "INSERT INTO events (id, source, event_id, type, received_at, payload_id, live, digest, state)"
        " VALUES (1, 's', 'e1', 't', 5, 1, true, 'd', 'routed')"
    )
    for hash, (name, vendor, options, key) in SPECS.items():
        auth = {SCHEMES.get(vendor, "x"): {"env": key}}
        spec = {"name": name, "vendor": vendor, "options": options, "auth": auth}
        text = json.dumps(spec)
        run(f"INSERT INTO connection_specs (hash, spec) VALUES ('{hash}', '{text}')")
    for text in UNREADABLE:
        run(f"INSERT INTO connection_specs (hash, spec) VALUES ('{text}', '{text}')")
    for id, spec, lane, state, key in DELIVERIES:
        key = f"'{key}'" if key else "NULL"
        run(
            "INSERT INTO deliveries (id, event, source, rule, item_key, operation, connection, spec,"
            " ticket, lane, call, fields, stale, retries, ruleset, state, code, reason, attempts,"
            " due_at, created_at, age_from,"
            f" idempotency_key) VALUES ({id}, 1, 's', 'r', '', 'o', '{SPECS[spec][0]}', '{spec}',"
            f" 't', '{lane}', '{{}}', '{{}}', 'send', '{{}}', 'h', '{state}', '', '', 0, 5, 5, 5, {key})"
        )
    run(
        "INSERT INTO attempts (delivery, number, started_at, elapsed_ms, verdict, code, reason)"
        " VALUES (10, 1, 5, 5, 'unknown', 'timeout', '')"
    )
    for lane, rule, at in MARKS:
        run(
            f"INSERT INTO lane_marks (lane, rule, at) VALUES ('{lane}', '{rule}', {at})"
        )
    for name, state, broken in (("vambe-cl", "parked", "NULL"), ("erp", "open", "6")):
        run(
            "INSERT INTO connections (name, state, reason, since, broken_at, probe_at)"
            f" VALUES ('{name}', '{state}', '401', 5, {broken}, {broken})"
        )


@pytest.fixture
def old(untouched):
    """A store of the release before, with everything in it that is named after a connection."""
    with untouched.transaction() as connection:
        upgrade(connection, "0004")
        filled(connection)
    return untouched


def rows(store, query):
    with store.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def identity(spec):
    name, vendor, options, key = SPECS[spec]
    refs = {
        name: (
            SecretRef(kind="env", name=value["env"])
            if isinstance(value, dict)
            else value
        )
        for name, value in options.items()
    }
    auth = {SCHEMES[vendor]: SecretRef(kind="env", name=key)}
    one = Connection(name=name, vendor=vendor, options=refs, auth=auth)
    return tenants.named(one), tenants.root(one)


def test_what_waits_keeps_its_place(old, monkeypatch):
    """Lanes and marks of one tenant are one, by whatever connection; what nobody can name stays as it is."""
    monkeypatch.setenv("SUB", "acme")
    assert migrate(old)
    vambe, erp, kap = (identity(spec)[0].tenant for spec in ("named", "http", "env"))
    path = tenants.path_lane(*identity("http")[1], "/t/7")
    lanes = dict(rows(old, "SELECT id, lane FROM deliveries WHERE id < 9"))
    assert lanes == {
        1: f"{vambe}/{UUID.lower()}",
        2: f"{vambe}/{UUID.lower()}",
        3: "vambe-cl/t9",  # it is over
        4: path,
        5: f"{erp}/customer 7",
        6: f"{kap}/4711",
        7: "odd/1",
        8: "fetch:shop/7",
    }
    assert dict(rows(old, "SELECT lane, at FROM lane_marks")) == {
        f"{vambe}/{UUID.lower()}": 7,
        path: 3,
        f"{kap}/4711": 4,
        "odd/1": 2,
    }


def test_what_was_learned_is_kept(old, monkeypatch):
    """A parked credential stays parked, an open breaker open, under the names of now."""
    monkeypatch.setenv("SUB", "acme")
    migrate(old)
    vambe, erp = identity("named")[0], identity("http")[0]
    query = "SELECT name, label, state, broken_at FROM connections"
    assert sorted(rows(old, query)) == sorted(
        [
            (vambe.tenant, "vambe-cl", "open", None),
            (vambe.account, "vambe-cl", "parked", None),
            (erp.tenant, "erp", "open", 6),
            (erp.account, "erp", "open", None),
        ]
    )


def test_what_is_not_known_at_the_migration_is_found_by_the_worker(old, monkeypatch):
    """An address that the terminal's environment does not give; the worker's does."""
    monkeypatch.delenv("SUB", raising=False)
    migrate(old)
    assert rows(old, "SELECT lane FROM deliveries WHERE id = 6") == [("kap/4711",)]
    monkeypatch.setenv("SUB", "acme")
    assert old.write(relaning.relane) == 1
    lane = f"{identity('env')[0].tenant}/4711"
    assert rows(old, "SELECT lane FROM deliveries WHERE id = 6") == [(lane,)]
    marks = rows(old, f"SELECT at FROM lane_marks WHERE lane = '{lane}'")
    assert marks == [(4,)]


def test_keys_that_nothing_used_up_are_free(old):
    """Of what ended without an update; not of what its vendor may have. They stay to be sent and seen."""
    migrate(old)
    query = "SELECT id, idempotency_key, own_key FROM deliveries WHERE id NOT IN (8)"
    assert rows(old, query + " ORDER BY id")[:1] == [(1, "k1", None)]
    found = {id: (key, own) for id, key, own in rows(old, query)}
    assert found[9] == (None, "k9") and found[11] == (None, "k11")
    assert found[12] == (None, "k12")
    assert found[10] == ("k10", None) and found[3] == ("k3", None)


def test_many_are_moved_in_batches(old, monkeypatch):
    """Whatever waits: more than one batch of deliveries and of marks, all of them moved once."""
    monkeypatch.setattr(relaning, "_ROWS", 3)
    monkeypatch.setenv("SUB", "acme")
    with old.transaction() as connection:
        for number in range(10):
            connection.exec_driver_sql(
                "INSERT INTO lane_marks (lane, rule, at)"
                f" VALUES ('vambe-cl/many-{number}', 'r', {number})"
            )
    migrate(old)
    assert rows(
        old,
        "SELECT count(*) FROM lane_marks WHERE lane >= 'vambe-cl/' AND lane < 'vambe-cl0'",
    ) == [(0,)]
    assert rows(old, "SELECT count(*) FROM lane_marks") == [(14,)]
