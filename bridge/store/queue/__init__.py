"""The queue: which deliveries are sent next, whose they are while they are sent, and what each attempt changes.

    claims.py ─▶ backlogs.py     where deliveries wait, and what is due at the front
              ─▶ lanes.py        what must not overtake what
              ─▶ budgets.py      what each tenant may be sent now: concurrency, rate, breaker
              ─▶ coalescing.py   what a newer update makes needless
              ─▶ leases.py       whose a delivery is while it is sent; burying.py for those that cannot be read
    attempts.py ─▶ connections.py, keys.py, lanes.py     records an attempt, and what it teaches about the account
    resuming.py, relaning.py     a person resumes a connection; what waits follows an address that changed

Sends nothing, and holds no transaction while a call is made.
"""

from bridge.store.queue.attempts import Made, finish_all
from bridge.store.queue.claims import Claim, claim, look, parked
from bridge.store.queue.keys import used_by
from bridge.store.queue.lanes import free, stranded
from bridge.store.queue.leases import Claimed, any_lost, renew, take_over
from bridge.store.queue.relaning import relane
from bridge.store.queue.resuming import resume_named

__all__ = [
    "Claim",
    "Claimed",
    "Made",
    "any_lost",
    "claim",
    "finish_all",
    "free",
    "look",
    "parked",
    "relane",
    "renew",
    "resume_named",
    "stranded",
    "take_over",
    "used_by",
]
