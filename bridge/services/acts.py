"""The acts that a person may do to deliveries, and the message for each id. Does nothing by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.state import State
from bridge.store.filtering import Filter
from bridge.store.selecting import DROPPED

# The command to use instead, by the state of the delivery.
_HINTS: dict[str, str] = {
    State.HELD: ": `bridge release {id}` sends it",
    State.DELIVERED: ": `bridge replay {id}` sends it again",
    State.CANCELLED: ": `bridge replay {id}` sends it anyway",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """The result for one id."""

    id: int
    ok: bool
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One thing to do to deliveries that are in one of `states`."""

    name: str
    past: str
    states: tuple[State, ...]
    to: State


RETRY = Act(
    name="retry",
    past="retried",
    states=(State.WAITING, State.DEAD),
    to=State.WAITING,
)
RELEASE = Act(name="release", past="released", states=(State.HELD,), to=State.WAITING)
CANCEL = Act(
    name="cancel",
    past="cancelled",
    states=(State.WAITING, State.HELD, State.DEAD),
    to=State.CANCELLED,
)


def retried(where: Filter) -> Sequence[str]:
    """The states that a retry of a filter covers.

    Cancelled ones are left alone, unless the filter names them: their look-ups may be made again.
    """
    named = any(
        one.key == "event" or (one.key, one.value) == ("state", State.CANCELLED)
        for one in where
        if not one.negated
    )
    return (*RETRY.states, DROPPED) if named else RETRY.states


def refusal(act: Act, id: int, state: str | None, other: int | None) -> str:
    """Why nothing was done to a delivery in this state; None: there is no delivery. `other` has its idempotency key."""
    if state is None:
        return f"there is no delivery {id}"
    if other and state in act.states and state != act.to == State.WAITING:
        return (
            f"not {act.past}: delivery {other} already used its idempotency key,"
            f" `bridge replay {id}` sends it anyway"
        )
    wanted = " or ".join(act.states)
    hint = _HINTS.get(state, "").format(id=id)
    return f"not {act.past}: it is {state}, not {wanted}{hint}"
