"""Finds the event at which workers die, from the notes that they leave (store/database/turn.py).

An event that kills every process (memory runs out, a library crashes) would be first in line at each start and stop
everything. A worker that finds the note of a dead one routes events one by one, so that the next note names one event.
After MOST deaths in a row at that event, it is given up. A lower limit would be unfair: processes are also killed from
outside, whatever they are doing.
"""

import secrets

from bridge.store import Turn

MOST = 3
TOLD = (
    f"the worker crashed {MOST + 1} times on this event, perhaps because memory ran out: add memory, or check the"
    " system's log for another cause; then run `bridge retry`"
)


def new_name() -> str:
    """The name in a worker's notes. If it finds a note of its own, the store went away in between."""
    return secrets.token_hex(8)


class Notes:
    """The notes of one round of routing: what a dead worker left, and what this one writes."""

    def __init__(self, turn: Turn, me: str) -> None:
        self._turn, self._me = turn, me
        self._left = "" if turn.left.endswith(me) else turn.left
        self._event, self._deaths = _read(self._left)

    @property
    def careful(self) -> bool:
        """Whether a process died at what is to be routed now."""
        return bool(self._left)

    def together(self) -> None:
        """Several events are routed now."""
        self._turn.note(f"together {self._me}")

    def alone(self, event: int) -> None:
        """This event is routed now, by itself."""
        self._turn.note(f"{event} {self._deaths_at(event) + 1} {self._me}")

    def deadly(self, event: int) -> bool:
        """Whether workers died so often at this event that it is given up."""
        return self._deaths_at(event) >= MOST

    def _deaths_at(self, event: int) -> int:
        return self._deaths if event == self._event else 0


def _read(note: str) -> tuple[int, int]:
    """The event, and how many died at it alone; event 0 is none. A note of another release names nobody."""
    match note.split():
        case [event, deaths, _] if event.isdecimal() and deaths.isdecimal():
            return int(event), int(deaths)
    return 0, 0
