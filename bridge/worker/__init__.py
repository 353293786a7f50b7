"""The worker: takes stored events through the rules and the resulting deliveries to their vendors.

    loop.py                  what happens when: route what waits, send what is due, rest, drain
    asking.py                what the rules say to one event
    routing.py               stored event → decisions and deliveries, in one transaction
    fetching.py              look-ups: what an answer to one is worth, and for how long
    sending.py               one attempt: target, call, judgement, what follows
    recording.py             what an attempt came to, stored whatever the store does meanwhile
    insisting.py             whether the store or what it was given is at fault
    keeping.py               leases renewed, lost ones taken over
    refused_credentials.py   the credentials of parked accounts: tried again once they change

Any number of workers may run against one store. Nothing here knows how events came in or how people look at them.
"""

from bridge.worker.loop import Worker

__all__ = ["Worker"]
