"""A whole bridge in one process (nursery.py forks it) that takes and delivers events while its writes are recorded."""

import functools
import os

import gevent
import powercut
import traffic
import vfs
from senders import signature
from sqlalchemy import Engine, event
from werkzeug.test import Client

SENDERS = 8


def record(file, count):
    """Accepts and delivers `count` events; writes the log of it to `file`. The database must be there already."""
    recorder = powercut.Recorder()
    vfs.install(recorder)
    # Checkpoints, which move pages from one file to the other, shall be part of a short recording too.
    often = "PRAGMA wal_autocheckpoint = 100"
    event.listen(Engine, "connect", lambda raw, _: raw.execute(often))
    from bridge import settings
    from bridge.app import create_app, create_worker
    from bridge.receive import front
    from bridge.worker.recording import Recorder

    front.WRITE_TIMEOUT = 60.0  # a disk may be slow
    _tell(recorder, Recorder)
    loaded = settings.load()
    client = Client(create_app(loaded))
    worker = create_worker(loaded)
    running = gevent.spawn(worker.run)
    senders = [
        gevent.spawn(_send, client, recorder, range(sender, count, SENDERS))
        for sender in range(SENDERS)
    ]
    gevent.joinall(senders, raise_error=True)
    with gevent.Timeout(240):
        while sum(_is_delivery(step) for step in recorder.log) < count:
            gevent.sleep(0.1)
    worker.stop()
    running.join()
    recorder.save(file)


def _send(client, recorder, numbers):
    for number in numbers:
        name = f"evt_{number}"
        body = traffic.event_body(name, traffic.lane(number))
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signature(body),
        }
        url = os.environ["BRIDGE_PUBLIC_URL"]
        answer = client.post("/hooks/stripe", url, data=body, headers=headers)
        assert answer.status_code == 202, answer.status
        recorder.told("accepted", name)


def _tell(recorder, Recorder):
    """Notes what counts as delivered from the moment on that the worker goes on."""
    record = Recorder.record

    @functools.wraps(record)
    def recorded(self, item, made):
        concluded = record(self, item, made)
        if made.outcome.verdict == "delivered":
            recorder.told("delivered", item.id)
        return concluded

    Recorder.record = recorded


def _is_delivery(step):
    return isinstance(step, powercut.Told) and step.what == "delivered"
