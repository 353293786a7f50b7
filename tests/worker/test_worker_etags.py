"""`fetched_headers`: what the answer to a look-up says in its headers, for calls that must name it."""

from datetime import UTC, datetime, timedelta

import pytest
from vault import VaultBench

from bridge import mapping
from bridge.model import Reply
from bridge.store import events
from bridge.store.keeping.retention import Keep, forget
from bridge.worker import fetching

KEPT = {"payloads": timedelta(30), "events": timedelta(90), "ledger": timedelta(400)}


@pytest.fixture
def bench(database, sandbox, vault):
    return VaultBench(database, sandbox, vault)


def test_a_call_names_the_version_that_was_looked_up(bench, vault):
    """An ETag goes into If-Match: what nobody changed meanwhile is written."""
    bench.receive("a", 5)
    bench.receive("b", 2, id="2")
    bench.work()
    assert vault.boxes == {
        "a": (2, {"total": 15, "open": True}),
        "b": (8, {"total": 3, "open": True}),
    }
    assert [row["state"] for row in bench.updates()] == ["delivered"] * 2


def test_a_version_that_is_old_is_no_success(bench, vault):
    """What somebody else wrote first is not written over: the vendor's 412 is a dead letter."""
    vault.meddle = [True]
    bench.receive("a", 5)
    bench.work()
    assert vault.boxes["a"] == (2, {"total": 1010, "open": True})
    (update,) = bench.updates()
    assert (update["state"], update["code"]) == ("dead", "http_412")


def test_they_are_kept_with_the_answer_and_forgotten_with_it(bench, database):
    """Lower-case names, no cookies; with the payload they are gone."""
    bench.receive("a", 5)
    bench.work()
    with database.read() as connection:
        (stored,) = events.named(connection, "1")
    assert stored.fetched_headers["etag"] == '"v1"'
    assert "set-cookie" not in stored.fetched_headers
    keep = Keep(**KEPT)
    later = datetime.now(UTC) + timedelta(days=40)
    forget(database, keep, later, lambda seconds: None)
    with database.read() as connection:
        (stored,) = events.named(connection, "1")
    assert stored.fetched is None and stored.fetched_headers == {}


def test_an_answer_that_is_used_again_has_its_headers(database, sandbox, vault):
    """`cache` gives the same answer with the same headers."""
    bench = VaultBench(database, sandbox, vault)
    text = bench.ruleset.texts["rules.yaml"].replace(
        "  fetch:", "  fetch:\n    cache: 5m"
    )
    text = text.replace("method: PUT", "method: POST")
    bench.ruleset = mapping.build({"rules.yaml": text}).usable()
    for number in range(2):
        bench.receive("a", 5, id=str(number))
        bench.work()
    with database.read() as connection:
        kept = [events.named(connection, str(number))[0] for number in range(2)]
    assert [one.fetched_headers["etag"] for one in kept] == ['"v1"'] * 2
    assert vault.calls.count(("GET", "a")) == 1


def test_headers_are_bounded():
    """An answer of many or long headers is kept with as many as fit."""
    many = {f"x-{number}": "v" * 1_000 for number in range(100)}
    reply = Reply(status=200, headers={"etag": "e", **many}, body=b"{}", elapsed=0.0)
    kept = fetching.kept(reply).headers
    assert kept["etag"] == "e" and 10 < len(kept) <= 17
