"""One HTTP exchange in flight: what it may reach, until when, and whether its first byte has left.

What requests hands to an adapter has no room for it, so the adapter finds it in CURRENT. A context variable is private
to its thread and to its greenlet, so the same code serves both.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from bridge.outbound.names import Names
from bridge.outbound.networks import Policy

if TYPE_CHECKING:
    from bridge.outbound.proxy import Proxy


class Failed(Exception):
    """An exchange ended without an answer. `kind` is a NoReply kind, the message its sentence."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(kw_only=True, slots=True)
class Exchange:
    """Mutable, and owned by the one thread or greenlet that runs it. Moments are time.monotonic() seconds."""

    host: str
    policy: Policy
    names: Names
    started: float
    deadline: float
    proxy: "Proxy | None" = None  # for all but networks that are allowed by name
    start_by: float = inf  # the request may not leave later than this
    sent: bool = False  # the first byte of the request has, perhaps, left

    def remaining(self) -> float:
        """Seconds left, more than 0. Raises Failed when there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise self.timed_out()
        return seconds

    def leave(self) -> None:
        """Notes that bytes of the request leave now. Raises Failed when it is too late for the first of them."""
        if not self.sent and time.monotonic() > self.start_by:
            raise Failed("late", f"the call to {self.host} could not start in time")
        self.sent = True

    def broken(self, otherwise: Exception) -> Exception:
        """What a failed socket operation means: the time is up, or else `otherwise`. A time-out has several classes."""
        return self.timed_out() if time.monotonic() >= self.deadline else otherwise

    def timed_out(self) -> Failed:
        """The failure of an exchange whose time is up."""
        allowed = max(self.deadline - self.started, 0)
        return Failed("timeout", f"{self.host} did not answer within {allowed:.3g} s")


CURRENT: ContextVar[Exchange] = ContextVar("bridge.outbound.exchange")
