"""What the pretend vendors remember: calls, tickets and faults, behind one lock. Knows no vendor and no view."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any

from flask import current_app, request

from bridge.model import Headers

Ticket = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One call as it arrived, and what became of it."""

    vendor: str
    method: str
    path: str  # below the vendor's mount point with its query, as it was sent
    headers: Headers
    body: bytes
    status: int | None  # None: the connection was closed without an answer
    applied: bool  # whether it changed a ticket
    when: datetime
    answer: bytes = b""  # its body


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the next calls that fit. `count` calls, or all until a reset where it is None."""

    vendor: str = ""  # "": any
    path: str = ""  # a part of the path
    count: int | None = 1
    delay: float = 0  # seconds before anything else happens
    status: int | None = None  # answer this; nothing is applied, unless `after`
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    garbage: bool = False  # 200 with a login page, apply nothing
    after: bool = (
        False  # the call is applied before it is answered with `status`: a gateway lost the vendor's answer
    )
    drop: str = ""  # close the socket: "before" or "after" applying the call
    step: str = (
        ""  # fail at a step inside the vendor, as its page documents: tolky "update", "move"
    )

    def __post_init__(self) -> None:
        if self.drop not in ("", "before", "after"):
            raise ValueError("drop is 'before' or 'after'")
        if self.after and self.status is None:
            raise ValueError("after needs a status to answer")
        if self.count is not None and self.count < 1:
            raise ValueError("count is 1 or more, or null for every call")


class State:
    """The memory of one sandbox."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        known: Mapping[str, Iterable[str]],
        told: Callable[[Recorded], None] | None = None,
    ) -> None:
        """`told` is called with each call once it was answered, from the thread that answers it."""
        self.credentials = dict(credentials)
        self._told = told
        self._lock = RLock()
        self._first_known = {name: set(ids) for name, ids in known.items()}
        self.reset()

    def reset(self) -> None:
        """Forget calls, tickets and faults; know the tickets of the start again."""
        with self._lock:
            self._calls: list[Recorded] = []
            self._tickets: dict[str, dict[str, Ticket]] = {}
            self._faults: list[tuple[Fault, list[int]]] = []
            self._known = {name: set(ids) for name, ids in self._first_known.items()}

    def record(self, call: Recorded) -> None:
        with self._lock:
            self._calls.append(call)
        if self._told:
            self._told(call)

    def calls(self, vendor: str | None = None) -> list[Recorded]:
        """The calls so far, in the order they were finished."""
        with self._lock:
            return [call for call in self._calls if vendor in (None, call.vendor)]

    def know(self, vendor: str, ids: Collection[str]) -> None:
        """From now on the vendor has only these tickets, instead of making each at first sight."""
        with self._lock:
            self._known[vendor] = set(ids)

    def put(self, vendor: str, ticket: str, values: Ticket) -> Ticket:
        """Set values of a ticket, which is made when it is new, and return all of them."""
        with self._lock:
            if vendor in self._known:
                self._known[vendor].add(ticket)
            held = self._tickets.setdefault(vendor, {}).setdefault(ticket, {})
            held.update(values)
            return dict(held)

    def add(self, vendor: str, ticket: str, key: str, item: Any) -> None:
        """Append to a list of a ticket, such as its comments."""
        with self._lock:
            held = self._tickets.setdefault(vendor, {}).setdefault(ticket, {})
            held.setdefault(key, []).append(item)

    def find(self, vendor: str, ticket: str) -> Ticket | None:
        """A ticket's values; {} for one that is not there yet but may be; None for one that is not known."""
        with self._lock:
            if ticket not in self._known.get(vendor, {ticket}):
                return None
            return dict(self._tickets.get(vendor, {}).get(ticket, {}))

    def tickets(self, vendor: str) -> dict[str, Ticket]:
        with self._lock:
            tickets = self._tickets.get(vendor, {})
            return {ticket: dict(values) for ticket, values in tickets.items()}

    def fault(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append((fault, [fault.count or 0]))

    def mend(self) -> None:
        """Drop the faults that are left."""
        with self._lock:
            self._faults.clear()

    def take(self, vendor: str, path: str, step: str = "") -> Fault | None:
        """The first fault that fits, used up by one."""
        with self._lock:
            for index, (fault, left) in enumerate(self._faults):
                fits = fault.vendor in ("", vendor) and fault.path in path
                if not fits or fault.step != step:
                    continue
                if fault.count is not None:
                    left[0] -= 1
                    if left[0] <= 0:
                        del self._faults[index]
                return fault
        return None


def current() -> State:
    """The state of the sandbox that answers now."""
    state: State = current_app.extensions["sandbox"]
    return state


def json_object() -> dict[str, Any]:
    """The request's JSON object; {} for anything else, which every vendor refuses as incomplete."""
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else {}
