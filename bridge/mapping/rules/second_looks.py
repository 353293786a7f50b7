"""`do: look_up_again`: what becomes of a delivery whose event was looked up again. Pure.

The worker and `bridge test` ask the same; making the look-up, and storing what came of it, is the worker's affair.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.model import Decision, Delivery, Said
from bridge.state import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Anew:
    """What a delivery becomes: waiting or held with a new call, else skipped or dead without one."""

    state: State
    reason: str
    rendered: Delivery | None = None


def made_anew(
    decisions: Sequence[Decision],
    before: Delivery,
    as_kept: Callable[[str], str] = str,
) -> Anew:
    """What the rules of now, asked with the new answer, make of the delivery `before`, of the same rule and item.

    `as_kept` gives what is kept of a lane, where `before` comes out of a store.
    """
    mine = [one for one in decisions if one.rule in (before.rule, "")]
    decision = next((one for one in mine if one.rule == before.rule), None)
    if decision is None or decision.said is Said.ERROR:
        reason = mine[0].reason if mine else "its rule no longer exists"
        return Anew(state=State.DEAD, reason=f"looked up again: {reason}")
    rendered = next((one for one in decision.rendered if one.key == before.key), None)
    if rendered is None or rendered.shadow:
        reason = f"looked up again, but there is nothing to send: {decision.reason}"
        return Anew(state=State.SKIPPED, reason=reason)
    if not _stays(rendered, before, as_kept(rendered.lane)):
        reason = (
            "looked up again, but now it is for another ticket or connection: replay it"
        )
        return Anew(state=State.DEAD, reason=reason)
    reason = rendered.hold or "looked up again, its call was made anew"
    state = State.HELD if rendered.hold else State.WAITING
    return Anew(state=state, reason=reason, rendered=rendered)


def _stays(rendered: Delivery, before: Delivery, lane: str) -> bool:
    """Whether its place in the lane is still the right one, and its answers are judged by the same vendor."""
    same = rendered.operation == before.operation and lane == before.lane
    return same and rendered.connection == before.connection
