"""Senders and strangers are hostile or unlucky: floods, crowds that give up, poisoned events, batches seen before."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from floods import FLOODS
from history import Sent
from running import eventually
from senders import signature
from storm_machine import on_slow_disk, stalled
from traffic import event_body

PROGRAM = Path(__file__).with_name("floods.py")
SHOP_SECRET = "shop_secret_of_the_storm"
CROWD, CROWD_SIZE = 100, 500_000  # connections; bytes that each sends
BATCH = [f"known_{number}" for number in range(300)]


def flood(storm, life):
    """Unsigned connections do something hostile while signed traffic goes on."""
    yield
    kind = storm.chance.choice(sorted(FLOODS))
    seconds, count = storm.chance.uniform(0.8, 2), storm.chance.choice((1, 20, 100))
    with storm.during(f"{count} × {kind}"):
        attack(storm, kind, seconds, count)


def crowd(storm, life):
    """Large proven requests come at once while the store stands still, and give up; their memory comes back."""
    on_slow_disk(storm, life)
    yield
    storm.quiet.add("crowd")
    request = signed(event_body("crowd", "", "unwanted", text="x" * CROWD_SIZE))
    attack(storm, "crowd", 0.7, CROWD, request)  # what serving so many takes is no leak
    storm.wait(1, 1)
    before = megabytes(life.receivers.pid)
    grown = lambda: megabytes(life.receivers.pid) - before  # noqa: E731
    with storm.during("crowd"):
        with stalled(storm, "slow write"):
            attack(storm, "crowd", 1.5, CROWD, request)
            storm.tell(f"  {grown():.0f} MB more")
        eventually(lambda: grown() < 20, 8)
    life.grown = grown()


def signed(body):
    """A request of these bytes, as it goes over the wire."""
    head = (
        "POST /hooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def poison(storm, life):
    """An event that nobody can deliver: no ticket, one that is far too long, more than one event may render."""
    yield
    many = [f"8{life.number:06}{number:03}" for number in range(200)]
    kinds = {
        "no ticket": ("", "replaces", {}),
        "no ticket of this vendor": ("nobody", "dated", {}),
        "a long ticket": (os.urandom(10_000).hex(), "adds", {}),
        "much for many": ("", "fans", {"tickets": many, "text": "x" * 50_000}),
    }
    name = storm.chance.choice(sorted(kinds))
    ticket, kind, more = kinds[name]
    event = f"poison_{life.number}"
    storm.may_die.add(event)
    storm.tell(f"  {name}: {storm.traffic.post(event, ticket, kind, **more)}")


def known_batch(storm, life):
    """A batch comes whose events were seen in earlier rounds."""
    yield
    storm.quiet.update(BATCH)
    for _ in range(2):
        with storm.during("batch"):
            storm.traffic.sent.extend(post_batch(storm.fleet.bridge))


def attack(storm, kind, seconds, count, given=b""):
    """Runs the hostile client until it ends."""
    numbers = [str(storm.fleet.bridge.port), str(seconds), str(count)]
    command = [sys.executable, str(PROGRAM), kind, *numbers]
    subprocess.run(command, input=given, check=True, timeout=60)


def megabytes(pid):
    """What the children of a process have in memory; 0 when they have ended."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        told = [Path(f"/proc/{one}/statm").read_text() for one in children]
    except OSError:
        return 0
    pages = [int(text.split()[1]) for text in told]
    return sum(pages) * os.sysconf("SC_PAGESIZE") / 1e6


def post_batch(bridge):
    """Posts the batch; what was sent."""
    body = json.dumps([{"id": event, "kind": "seen"} for event in BATCH]).encode()
    mac = hmac.new(SHOP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature": mac}
    connection = HTTPConnection("127.0.0.1", bridge.port, timeout=60)
    began, status = time.monotonic(), None
    try:
        connection.request("POST", "/hooks/shop", body, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException):
        pass
    finally:
        connection.close()
    over = time.monotonic()
    answered, broken = (None, over) if status is None else (over, None)
    return [
        Sent(
            event=event,
            lane="",
            sent=began,
            answered=answered,
            status=status,
            broken=broken,
        )
        for event in BATCH
    ]


DEEDS = (flood, crowd, poison, known_batch)
