"""Two events under one id: what a sender sends in one request as two is two, whichever of them came alone before.

An event's id never depends on what comes beside it. So the first of them takes the id, and the other a name that is
made of the id and its own content: by that it is known when it comes again, alone or in another order.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bridge.model import Event


def apart(event: Event) -> Event:
    """The event under a name that no other content has."""
    return replace(event, event_id=f"{event.event_id}:{event.digest[:16]}")


def twins(received: Iterable[Event]) -> frozenset[tuple[str, str]]:
    """Source and id of those events of a request that share them and say something else."""
    digests: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in received:
        digests[event.source, event.event_id].add(event.digest)
    return frozenset(name for name, found in digests.items() if len(found) > 1)
