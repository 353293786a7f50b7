"""Compares what an event led to with what the rules make of it now. Pure: works on the rows of rerouted.before."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bridge.model import Decision, Delivery, Said
from bridge.state import State

Made: TypeAlias = Sequence[Mapping[str, Any]]


def stands_for(rendered: Delivery, row: Mapping[str, Any]) -> bool:
    """Whether a delivery has the same rule and item, or is the same call for the same ticket."""
    if failed(row):
        return False
    mine = (row["rule"], row["item_key"]) == (rendered.rule, rendered.key)
    return mine or _same(rendered, row)


def failed(row: Mapping[str, Any]) -> bool:
    """Whether it is the dead letter of a failed rule, which has no request."""
    return not row["operation"]


def account(id: int, said: Sequence[Decision], late: int, before: Made) -> str:
    """Why the rules make nothing new of event `id`; `late` of its calls are out of date."""
    if late:
        return "a newer update of the ticket was already delivered: add --force to send it anyway"
    return "; ".join(
        f"{one.rule or 'the event'}: {_account(id, one, before)}" for one in said
    )


def _account(id: int, one: Decision, before: Made) -> str:
    """Why a decision adds nothing, and how to get it anyway."""
    if one.said is Said.ERROR:
        return f"failed, {one.reason}"
    if one.said is not Said.MATCHED:
        return f"{one.said.value}, {one.reason}"
    stand = [row for row in before for r in one.rendered if stands_for(r, row)]
    if stand and all(row["state"] == State.CANCELLED for row in stand):
        numbers = ", ".join(str(row["id"]) for row in stand)
        again = f"`bridge reroute {id} --rule {one.rule}` makes it again"
        return f"was cancelled as delivery {numbers}: {again}"
    return "already done"


def _same(rendered: Delivery, row: Mapping[str, Any]) -> bool:
    """Whether it was the same call; if its request was already deleted, assume yes."""
    if (row["operation"], row["lane"]) != (rendered.operation, rendered.lane):
        return False
    call, own = row["call"], rendered.call
    if call is None:
        return True
    made = (call["method"], call["path"], row["body"])
    return made == (own.method, own.path, own.body)
