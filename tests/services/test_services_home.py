"""The state of the bridge in one look: verdict, incidents, hours, sources and connections."""

from datetime import UTC, datetime, timedelta

import faces
import pytest
from dying import TICKETS, dead, route, set_row
from running import MAPPING
from sqlalchemy import insert, update
from state_guard import by_hand
from working import paid

from bridge.services import connections, home, pausing, rulesets, sources
from bridge.store import figures
from bridge.store import queue as stored_queue
from bridge.store import rejections
from bridge.store.audit import By
from bridge.store.pauses import Scope
from bridge.store.tables import connections as connection_rows
from bridge.store.tables import events

ANA = By(person="ana", reason="the vendor is told")


@pytest.fixture
def parts(database, tmp_path, monkeypatch):
    """A bridge with a mapping file and nothing received."""
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_canary")
    monkeypatch.setenv("VAMBE_API_KEY", "canary")
    monkeypatch.setenv("KAPTURE_TOKEN", "canary")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rules.yaml").write_text(MAPPING)
    return faces.parts(database, tmp_path)


def look(parts, now=None):
    return home.look(parts, now or datetime.now(UTC))


def received_at(parts, id, at):
    mine = update(events).where(events.c.id == id).values(received_at=at)
    by_hand(parts.database, lambda c: c.execute(mine))


def deliver(parts, number):
    rules = parts.rules.current()
    route(
        parts.database,
        rules,
        *(paid(f"e{n}", ticket=TICKETS[n % 10]) for n in range(number)),
    )


def test_nothing_received_yet_is_said(parts):
    """A new bridge is calm, and says that no event was received."""
    found = look(parts)
    assert (found.calm, found.empty) == (True, True)
    assert found.verdict == "all well; no event was received yet"


def test_what_needs_a_person_is_counted_and_explained(parts):
    """Each cause of dead or held deliveries is an incident with its remedy, and the verdict counts them."""
    deliver(parts, 4)
    dead(parts.database, 1)
    dead(parts.database, 2, code="http_403")
    set_row(parts.database, 3, state="held", code="hold_if", reason="over the limit")
    found = look(parts)
    assert found.verdict == "3 things need you"
    assert sorted(one.kind for one in found.incidents) == ["dead", "dead", "held"]
    assert all(one.step.endswith(".") and one.since for one in found.incidents)
    assert [one.code for one in found.top] != []


def test_an_incident_that_was_seen_still_counts(parts):
    """Acknowledging says who has seen an incident; it counts until its cause is gone."""
    deliver(parts, 1)
    dead(parts.database, 1)
    (incident,) = look(parts).incidents
    home.acknowledge(parts.database, incident.id, ANA, datetime.now(UTC))
    found = look(parts)
    assert [(one.seen_by, one.seen_why) for one in found.incidents] == [
        ("ana", "the vendor is told")
    ]
    assert found.verdict == "1 thing needs you"
    set_row(parts.database, 1, state="cancelled")
    assert look(parts).calm


def test_hours_count_what_happened_in_each(parts):
    """Events are counted in the hour in which they were received, and dead letters in which they died."""
    deliver(parts, 3)
    now = datetime.now(UTC)
    this = now.replace(minute=0, second=0, microsecond=0)
    for id, at in ((1, -30), (2, -2), (3, 0)):
        received_at(parts, id, this + timedelta(hours=at))
    dead(parts.database, 3, at=this - timedelta(hours=2))
    hours = look(parts, now).hours
    assert [hour.received for hour in hours] == [0] * 21 + [1, 0, 1]
    assert [hour.failed for hour in hours] == [0] * 21 + [1, 0, 0]
    assert hours[-1].start == this


def test_many_events_are_counted_by_their_numbers(parts, monkeypatch):
    """With more events than are counted one by one, the numbers of the hours come to the same."""
    deliver(parts, 6)
    this = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for id in range(1, 7):
        received_at(parts, id, this - timedelta(hours=6 - id))
    counted = [hour.received for hour in look(parts).hours]
    monkeypatch.setattr(figures, "COUNTED", 0)
    assert [hour.received for hour in look(parts).hours] == counted
    assert sum(counted) == 6


def test_a_source_that_is_silent_for_longer_than_usual_is_an_incident(parts):
    """Silence is noticed by the source's own rhythm, and not before there are enough events to tell one."""
    deliver(parts, 6)
    now = datetime.now(UTC)
    for id in range(1, 7):
        received_at(parts, id, now - timedelta(days=12) - timedelta(hours=3 * (7 - id)))
    (one,) = look(parts, now).incidents
    assert (one.kind, one.subject) == ("silent", "stripe")
    assert "every 3 h" in one.detail
    received_at(parts, 6, now - timedelta(minutes=1))
    assert look(parts, now).calm
    with parts.database.read() as tx:
        assert sources.heard(tx, "nobody", now).usual is None


def test_a_burst_is_no_rhythm(parts):
    """Gaps between bursts count: a source is not silent because its events came close together once."""
    deliver(parts, 6)
    now = datetime.now(UTC)
    for id in range(1, 6):
        received_at(parts, id, now - timedelta(hours=10) + timedelta(seconds=id))
    received_at(parts, 6, now - timedelta(hours=5))
    assert look(parts, now).calm


def test_parked_and_failing_connections_are_incidents(parts):
    """A parked or failing connection is an incident with what waits for it, and is shown so in the list."""
    deliver(parts, 1)
    rules = parts.rules.current()
    one = next(rule.connection for rule in rules.rules if "paid" in rule.id)
    now = datetime.now(UTC)
    parts.database.write(
        lambda tx: stored_queue.connections.park(
            tx, one.account, "401 refused", now, one.name
        )
    )
    (incident,) = look(parts).incidents
    assert (incident.kind, incident.subject, incident.count) == ("parked", one.name, 1)
    found = connections.named(parts.database, rules, one.name, now)
    assert (found.state, found.reason, found.waiting) == ("parked", "401 refused", 1)
    assert "VAMBE_API_KEY" in found.secrets[0]
    row = {"name": one.tenant, "label": one.name, "state": "open", "reason": ""}
    row |= {"since": now, "broken_at": now, "failures": 7}
    by_hand(parts.database, lambda c: c.execute(insert(connection_rows).values(row)))
    by_hand(
        parts.database,
        lambda c: c.execute(
            update(connection_rows)
            .where(connection_rows.c.name == one.account)
            .values(state="open")
        ),
    )
    assert [one.kind for one in look(parts).incidents] == ["failing"]


def test_a_pause_is_shown_and_is_no_incident(parts):
    """What a person paused is shown with who and why, but nobody is asked to act."""
    pausing.pause(parts.database, Scope(rule="paid-sets-amount"), ANA)
    found = look(parts)
    assert found.calm
    assert [(one.by, one.reason) for one in found.paused] == [
        ("ana", "the vendor is told")
    ]


def test_what_waits_longest_is_explained(parts):
    """The oldest waiting delivery is shown with what comes next for it."""
    deliver(parts, 2)
    pausing.pause(parts.database, Scope(rule="paid-sets-amount"), ANA)
    (one,) = look(parts).waiting
    assert one.id == 1
    assert "was paused by ana" in one.outlook


def test_bad_files_are_an_incident_with_their_place(parts):
    """If the mapping folder has errors, the incident names file and line, and says that the last good rules hold."""
    (parts.settings.mappings / "rules.yaml").write_text(MAPPING + "\nnonsense: 1\n")
    now = 0.0
    for _ in range(3):
        now += rulesets.QUIET + 1
        parts.rules.look(now, lambda work: work())
    (one,) = look(parts).incidents
    assert one.kind == "rules"
    assert "rules.yaml:" in one.detail


def test_sources_name_their_secrets_and_refusals(parts, monkeypatch):
    """A source shows its URL, where its secret comes from, whether that is set, and refusals by reason."""
    refused = rejections.Rejection("stripe", "wrong_signature", 401, "127.0.0.1", 10)
    now = datetime.now(UTC)
    parts.database.write(lambda tx: rejections.add(tx, counts={refused: 3}, now=now))
    rules = parts.rules.current()
    found = sources.named(parts.database, rules, parts.settings, "stripe", now)
    assert found.url == "http://127.0.0.1:8080/hooks/stripe"
    assert [(row["reason"], row["count"]) for row in found.refused] == [
        ("wrong_signature", 3)
    ]
    assert (found.missing, "STRIPE_WEBHOOK_SECRET" in found.secrets[0]) == ((), True)
    assert "whsec_canary" not in str(sources.as_row(found))
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET")
    found = sources.named(parts.database, rules, parts.settings, "stripe", now)
    assert len(found.missing) == 1


def test_the_signed_request_of_a_source_is_accepted_by_it(parts):
    """The curl command of a source is signed as its sender signs, and does not show the secret."""
    import shlex

    from bridge import providers
    from bridge.model import Request
    from bridge.secret import resolve

    source, now = parts.rules.current().sources["stripe"], datetime.now(UTC)
    lines = sources.example(source, parts.settings, now)
    words = shlex.split(" ".join(line.removesuffix(" \\") for line in lines))
    assert words[:3] == ["curl", "-X", "POST"]
    assert "whsec_canary" not in " ".join(words)
    headers = [
        tuple(words[at + 1].split(": ", 1))
        for at, word in enumerate(words)
        if word == "-H"
    ]
    request = Request(
        method="POST",
        target="/hooks/stripe",
        headers=tuple(headers),
        body=words[-1].encode(),
        received_at=now,
    )
    secrets = [resolve(ref) for ref in source.secrets]
    providers.verify(
        source.provider, request, secrets, now=now, public_url="http://127.0.0.1:8080"
    )
