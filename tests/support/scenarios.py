"""What the tests of faults/ and torture/ do at different sizes: each puts a fleet through something and judges it."""

import pickle
import random
import threading
import time

from history import judge
from running import eventually
from traffic import (
    Client,
    Traffic,
    ended,
    event_body,
    history,
    lane,
    settled,
    stored,
)

from bridge.store import migrate

# Short where one worker lives at a time: none is there to take over what it is slow to send. Where several live, a
# stall of half the lease is harmless.
LEASE = ("lease", 1.5)
LONG_LEASE = ("lease", 10.0)
SENDERS = 8
RECOVERY = 100.0  # seconds: ten times those in which everything works again; what has ended never does


def post_all(url, bodies):
    """Posts the bodies over SENDERS connections at once; all statuses."""
    statuses = []

    def run(share):
        client = Client(url)
        statuses.extend([client.post(body) for body in share])
        client.close()

    threads = [
        threading.Thread(target=run, args=(bodies[number::SENDERS],))
        for number in range(SENDERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def copies_are_one(fleet, copies, keys):
    """Posts each event so many times at once, to two processes; every one is answered 2xx and one of each is new."""
    fleet.receivers(WEB_CONCURRENCY="2")
    bodies = [
        event_body(f"evt_{key}", lane(key))
        for key in range(keys)
        for _ in range(copies)
    ]
    random.Random(4).shuffle(bodies)
    statuses = post_all(fleet.bridge.url, bodies)
    assert set(statuses) == {200, 202}
    assert statuses.count(202) == keys
    assert sorted(stored(fleet.bridge)) == sorted(f"evt_{key}" for key in range(keys))


def workers_on_few_lanes(fleet, sandbox, crashes):
    """Eight workers share a few lanes; one after another is killed and replaced while events come in."""
    chance = random.Random(14)
    workers = [fleet.worker(LONG_LEASE) for _ in range(8)]
    fleet.receivers()
    traffic = Traffic(fleet.bridge.url, senders=2, lanes=2, pause=0.02, adds=1_000)
    with traffic:
        for crash in range(crashes):
            time.sleep(chance.uniform(0.2, 0.6))
            assert eventually(lambda: traffic.acknowledged() > 5 * crash), fleet.tail()
            workers.pop(chance.randrange(8)).kill()
            workers.append(fleet.worker(LONG_LEASE))
    traffic.resend()
    assert settled(fleet.bridge), fleet.tail()
    found = history(traffic, sandbox, fleet.bridge)
    assert judge(found) == []
    return found


def one_poisoned(fleet, sandbox, count):
    """All events but one can be delivered; that one lacks the ticket that its rule needs."""
    fleet.receivers()
    fleet.worker(LEASE)
    bodies = [event_body(f"evt_{number}", lane(number)) for number in range(count)]
    poisoned = f"evt_{count // 2}"
    bodies[count // 2] = event_body(poisoned, "")
    assert set(post_all(fleet.bridge.url, bodies)) == {202}
    assert settled(fleet.bridge), fleet.tail()
    states = {item.event: item.state for item in ended(fleet.bridge)}
    assert states.pop(poisoned) == "dead"
    assert len(states) == count - 1 and set(states.values()) == {"delivered"}


def record(found, events):
    """The log of a bridge that accepts and delivers so many events; its folder keeps the database of before."""
    database = found.bridge.database()
    migrate(database)
    database.close()
    base = (found.bridge.folder / "bridge.db").read_bytes()
    log = found.bridge.folder / "writes"
    environ = {"TEST_LOG": str(log), "TEST_EVENTS": str(events)}
    process = found.start("recording", **environ)
    assert process.wait() == 0, found.tail()
    (found.bridge.folder / "bridge.db").write_bytes(base)
    return pickle.loads(log.read_bytes())


def works(traffic, sandbox):
    """Whether, soon, something new was accepted and something new was delivered."""
    accepted, delivered = traffic.acknowledged(), len(sandbox.calls())
    return eventually(
        lambda: traffic.acknowledged() > accepted and len(sandbox.calls()) > delivered,
        RECOVERY,
    )
