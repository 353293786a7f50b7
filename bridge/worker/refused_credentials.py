"""Which credentials were refused, so that only changed ones are tried on a parked connection.

In this process's memory and nowhere else, as a hash that means nothing outside it: a new process knows of none, and so
tries each parked connection once.
"""

from collections.abc import Iterable

from bridge.errors import ConfigurationError
from bridge.model import Connection
from bridge.outbound import Target, resolve_target


class RefusedCredentials:
    """The credentials with which accounts were refused last."""

    def __init__(self) -> None:
        self._refused: dict[str, int] = {}

    def note(self, name: str, target: Target) -> None:
        """Remembers what an account was refused with."""
        self._refused[name] = _digest([target])

    def changed(self, name: str, connections: Iterable[Connection]) -> bool:
        """Whether the credentials of these, all of one account, can be resolved, and to others than were refused."""
        try:
            targets = [resolve_target(connection) for connection in connections]
        except ConfigurationError:
            return False
        return _digest(targets) != self._refused.get(name)


def _digest(targets: Iterable[Target]) -> int:
    return hash(frozenset(target.proofs for target in targets))
